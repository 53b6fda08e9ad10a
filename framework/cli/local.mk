# SPDX-License-Identifier: MIT
# The commands: pipeline-run and pipeline-inspect. What they share, and what tests reach, is a convenience library.
noinst_LTLIBRARIES += libweir-cli.la
libweir_cli_la_SOURCES = \
  framework/cli/arguments.h framework/cli/arguments.c \
  framework/cli/complete.h framework/cli/complete.c \
  framework/cli/fatal.h framework/cli/fatal.c \
  framework/cli/output.h framework/cli/output.c \
  framework/cli/terminal.h framework/cli/terminal.c \
  framework/cli/text.h framework/cli/text.c \
  framework/cli/console.h framework/cli/console.c \
  framework/cli/json_lines.h framework/cli/json_lines.c \
  framework/cli/points.h framework/cli/points.c \
  framework/cli/progress.h framework/cli/progress.c \
  framework/cli/report.h framework/cli/report.c \
  framework/cli/signals.h framework/cli/signals.c \
  framework/cli/summary.h framework/cli/summary.c \
  framework/cli/run_flags.h framework/cli/run_flags.c \
  framework/cli/inspect_flags.h framework/cli/inspect_flags.c
libweir_cli_la_LIBADD = libweir-1.la libweir-base.la $(BASE_LIBS) -lm

bin_PROGRAMS += pipeline-run pipeline-inspect
pipeline_run_SOURCES = framework/cli/run_main.c
pipeline_run_LDADD = libweir-cli.la

pipeline_inspect_SOURCES = framework/cli/inspect_main.c \
  framework/cli/new_plugin.h framework/cli/new_plugin.c \
  framework/cli/child.h framework/cli/child.c \
  framework/cli/describe.h framework/cli/describe.c \
  framework/cli/scan.h framework/cli/scan.c \
  framework/cli/inspect_views.h framework/cli/inspect_text.c framework/cli/inspect_man.c \
  framework/cli/inspect_schema.c framework/cli/schema_options.h framework/cli/schema_options.c
pipeline_inspect_LDADD = libweir-cli.la libweir-harness-1.la

# What --new writes, kept inside the program.
template_files = framework/cli/templates/templates.gresource.xml framework/cli/templates/transform.c.in \
  framework/cli/templates/transform.json.in framework/cli/templates/source.c.in \
  framework/cli/templates/source.json.in framework/cli/templates/sink.c.in framework/cli/templates/sink.json.in \
  framework/cli/templates/Makefile.in framework/cli/templates/page.7.in
EXTRA_DIST += $(template_files)
nodist_pipeline_inspect_SOURCES = framework/cli/template_files.c framework/cli/template_files.h
BUILT_SOURCES += framework/cli/template_files.h
CLEANFILES += framework/cli/template_files.c framework/cli/template_files.h
template_flags = --sourcedir=$(srcdir)/framework/cli/templates --c-name weir_templates \
  $(srcdir)/framework/cli/templates/templates.gresource.xml
framework/cli/template_files.c: $(template_files)
	$(AM_V_GEN)$(MKDIR_P) framework/cli && $(GLIB_COMPILE_RESOURCES) --generate-source --target=$@ $(template_flags)
framework/cli/template_files.h: $(template_files)
	$(AM_V_GEN)$(MKDIR_P) framework/cli && $(GLIB_COMPILE_RESOURCES) --generate-header --target=$@ $(template_flags)

cli_tests = framework/cli/test_arguments framework/cli/test_text framework/cli/test_progress \
  framework/cli/test_summary
check_PROGRAMS += $(cli_tests)
framework_cli_test_arguments_LDADD = libweir-cli.la
framework_cli_test_text_LDADD = libweir-cli.la
framework_cli_test_progress_LDADD = libweir-cli.la
framework_cli_test_summary_LDADD = libweir-cli.la
cli_scripts = framework/cli/test_run.sh framework/cli/test_inspect.sh framework/cli/test_terminal.py \
  framework/cli/test_complete.sh framework/cli/test_new.sh
TESTS += $(cli_tests) $(cli_scripts)
EXTRA_DIST += $(cli_scripts) framework/cli/test_plugin.c

# Completion for the shells; bash finds that of a command by its name.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = framework/cli/completions/pipeline-run framework/cli/completions/pipeline-inspect
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = framework/cli/completions/_pipeline-run
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = framework/cli/completions/pipeline-run.fish \
  framework/cli/completions/pipeline-inspect.fish
