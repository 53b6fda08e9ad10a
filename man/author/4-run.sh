make
pipeline-inspect --test check.json --plugin-path .
