# SPDX-License-Identifier: MIT
# libweir: the host. Everything is in a convenience library, so that unit tests reach what the shared one hides.
hostincludedir = $(includedir)/weir-1/weir
hostinclude_HEADERS = framework/core/weir/host.h
pkgconfig_DATA += framework/core/weir-host-1.pc

noinst_LTLIBRARIES += libweir-core.la
libweir_core_la_LIBADD = libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS)
libweir_core_la_SOURCES = framework/core/type_expr.h framework/core/type_expr.c \
  framework/core/schema.h framework/core/schema.c \
  framework/core/utf8.h framework/core/utf8.c \
  framework/core/porttype.h framework/core/porttype_private.h framework/core/porttype.c \
  framework/core/porttype_bind.c framework/core/porttype_output.c \
  framework/core/batch.h framework/core/batch_private.h framework/core/batch_build.c \
  framework/core/batch_share.c framework/core/batch_copy.c framework/core/batch_check.c \
  framework/core/batch_measure.c \
  framework/core/table_file.h framework/core/table_private.h framework/core/table_write.c \
  framework/core/table_parse.c framework/core/table_read.c \
  framework/core/arena.h framework/core/arena.c \
  framework/core/options.h framework/core/option_value.h framework/core/options.c \
  framework/core/option_value.c framework/core/option_table.c

# The loader.
libweir_core_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS) -DWEIR_STAGEDIR='"$(stagedir)"'
libweir_core_la_SOURCES += framework/core/loader.h framework/core/loader.c framework/core/loader_search.c \
  framework/core/loader_text.h framework/core/loader_text.c \
  framework/core/elf_file.h framework/core/elf_file.c framework/core/elf_tables.c \
  framework/core/elf_relocations.c framework/core/elf_check.c \
  framework/core/descriptor.h framework/core/descriptor.c framework/core/descriptor_ports.c \
  framework/core/mapped.h framework/core/mapped.c framework/core/trial.h framework/core/trial.c \
  framework/core/blas_env.h framework/core/blas_env.c

# The description of a pipeline, the plan, and the engine that runs it.
libweir_core_la_CPPFLAGS += -DWEIR_VERSION='"$(PACKAGE_VERSION)"'
libweir_core_la_SOURCES += framework/core/pipeline.h framework/core/pipeline_private.h framework/core/pipeline.c \
  framework/core/pipeline_parameters.c framework/core/pipeline_stages.c framework/core/pipeline_include.c \
  framework/core/pipeline_each.c framework/core/pipeline_resolve.c framework/core/pipeline_unfold.c \
  framework/core/pipeline_when.c framework/core/pipeline_config.c framework/core/parameters.c framework/core/template.c \
  framework/core/environment.h framework/core/environment.c framework/core/dotenv.c
libweir_core_la_SOURCES += framework/core/plan.h framework/core/plan.c framework/core/plan_graph.c framework/core/plan_files.c framework/core/inputs.h framework/core/inputs.c framework/core/crash.h framework/core/crash.c \
  framework/core/plan_types.c framework/core/plan_unify.c framework/core/batch_conform.c framework/core/plan_print.c framework/core/queue.h framework/core/queue.c \
  framework/core/output_table.h framework/core/output_table.c \
  framework/core/budget.h framework/core/budget.c framework/core/machine_memory.c \
  framework/core/pool.h framework/core/pool.c framework/core/stage.h framework/core/stage.c \
  framework/core/host.c framework/core/host_batch.c framework/core/host_build.c framework/core/host_files.c framework/core/host_release.c framework/core/host_spill.c framework/core/message.c framework/core/message_json.h framework/core/message_json.c \
  framework/core/worker.c framework/core/rundir.h framework/core/rundir.c framework/core/runjson.c \
  framework/core/run.h framework/core/run.c

libweir_core_la_SOURCES += framework/core/rejects.h framework/core/rejects.c \
  framework/core/metrics.h framework/core/metrics.c

# What was made before: keys, marks of whole stages, the store, and runs that are resumed.
libweir_core_la_SOURCES += framework/core/libraries.h framework/core/libraries.c \
  framework/core/stagekey.h framework/core/stagekey.c framework/core/keep.h framework/core/keep.c \
  framework/core/mark.h framework/core/mark.c framework/core/begun.h framework/core/begun.c \
  framework/core/reuse_store.h framework/core/reuse_store.c framework/core/reuse.h framework/core/reuse.c \
  framework/core/reuse_private.h framework/core/reuse_take.c framework/core/reuse_whole.c \
  framework/core/resume.c

# The shared library, for programs: only what weir/host.h declares comes out of it.
lib_LTLIBRARIES += libweir-1.la
libweir_1_la_SOURCES =
libweir_1_la_LIBADD = libweir-core.la
libweir_1_la_LDFLAGS = -version-info 0:0:0 -no-undefined

# Tests of the data that moves: schemas, port types, options, batches.
record_tests = framework/core/test-schema framework/core/test-porttype framework/core/test-options \
  framework/core/test-batch framework/core/test-batch-share framework/core/test-batch-check \
  framework/core/test-table
check_PROGRAMS += $(record_tests)
TESTS += $(record_tests)
EXTRA_DIST += framework/core/test-batch.h
framework_core_test_schema_LDADD = libweir-core.la
framework_core_test_porttype_LDADD = libweir-core.la
framework_core_test_options_LDADD = libweir-core.la
framework_core_test_batch_LDADD = libweir-core.la
framework_core_test_batch_share_LDADD = libweir-core.la
framework_core_test_batch_check_LDADD = libweir-core.la
framework_core_test_table_LDADD = libweir-core.la

# Tests of the engine: what it is made of, the reading of pipelines, plans, whole runs.
check_LTLIBRARIES += framework/core/test-plugin/test.la
framework_core_test_plugin_test_la_SOURCES = framework/core/test-plugin/test.c
framework_core_test_plugin_test_la_LDFLAGS = $(PLUGIN_LINK) -rpath /nowhere
engine_tests = framework/core/test-queue framework/core/test-budget framework/core/test-pool framework/core/test-pipeline \
  framework/core/test-compose framework/core/test-environment framework/core/test-plan framework/core/test-run \
  framework/core/test-rejects framework/core/test-rundir
EXTRA_DIST += framework/core/test-engine.h
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)
framework_core_test_queue_LDADD = libweir-core.la
framework_core_test_budget_LDADD = libweir-core.la
framework_core_test_pool_LDADD = libweir-core.la
framework_core_test_pipeline_LDADD = libweir-core.la
framework_core_test_compose_LDADD = libweir-core.la
framework_core_test_environment_LDADD = libweir-core.la
framework_core_test_plan_LDADD = libweir-core.la
framework_core_test_rundir_LDADD = libweir-core.la
framework_core_test_run_LDADD = libweir-1.la libweir-base.la $(BASE_LIBS)
framework_core_test_rejects_LDADD = libweir-1.la libweir-base.la $(BASE_LIBS)

# A program that embeds the host, to read and to start from; built and run as installed.
exampledir = $(docdir)/examples
dist_example_DATA = framework/core/example-host.c
TESTS += tests/abi/test-embed.sh
EXTRA_DIST += tests/abi/test-embed.sh
