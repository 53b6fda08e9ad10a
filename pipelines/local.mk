# SPDX-License-Identifier: MIT
# The pipelines that ship. quickstart.csv was written for this project and is under its licence.
dist_pipelines_DATA += pipelines/quickstart.json pipelines/quickstart.csv pipelines/text-classify.json
