# SPDX-License-Identifier: MIT
# JSON Schemas, generated from the tables of stages and from weir/plugin.h, kept in the repository, checked fresh.
record_schemas = schemas/records/artifact.schema.json schemas/records/interaction.schema.json \
  schemas/records/labelled-text.schema.json schemas/records/llm-outcome.schema.json \
  schemas/records/multi-label-text.schema.json schemas/records/prediction.schema.json \
  schemas/records/text-pair.schema.json
schemasdir = $(datadir)/weir/schemas
recordschemasdir = $(schemasdir)/records
dist_schemas_DATA = schemas/pipeline.schema.json
dist_recordschemas_DATA = $(record_schemas)

noinst_PROGRAMS += schemas/gen-records
schemas_gen_records_SOURCES = schemas/gen-records.c
schemas_gen_records_LDADD = libweir-core.la libweir-base.la $(BASE_LIBS) -lm

# After a change of options, ports or record types.
update-schemas: all
	$(SHELL) $(srcdir)/schemas/generate.sh . $(srcdir)/schemas
.PHONY: update-schemas

EXTRA_DIST += schemas/generate.sh schemas/test-fresh.sh

TESTS += schemas/test-fresh.sh
