# SPDX-License-Identifier: MIT
# Fuzz targets. In a build with --enable-fuzzing they are libFuzzer's; in any other they replay the seeds.
fuzz_targets = tests/fuzz/fuzz_types tests/fuzz/fuzz_csv tests/fuzz/fuzz_jsonl tests/fuzz/fuzz_archive \
  tests/fuzz/fuzz_elf tests/fuzz/fuzz_model tests/fuzz/fuzz_config tests/fuzz/fuzz_expression
check_PROGRAMS += $(fuzz_targets)
EXTRA_DIST += tests/fuzz/seeds.sh tests/fuzz/test-seeds.sh tests/fuzz/fuzz.sh \
  tests/fuzz/types tests/fuzz/csv tests/fuzz/jsonl tests/fuzz/config \
  tests/fuzz/expression
if FUZZING
FUZZ_MAIN =
FUZZ_LINK = -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/replay.c
FUZZ_LINK =
TESTS += tests/fuzz/test-seeds.sh
endif
fuzz_libs = libweir-core.la libweir-base.la $(BASE_LIBS)

tests_fuzz_fuzz_types_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_types.c $(FUZZ_MAIN)
tests_fuzz_fuzz_types_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_types_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_csv_SOURCES = tests/fuzz/fuzz.h tests/fuzz/records.h tests/fuzz/fuzz_csv.c $(FUZZ_MAIN)
tests_fuzz_fuzz_csv_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/plugins/file
tests_fuzz_fuzz_csv_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_csv_LDADD = libfile.la $(fuzz_libs)
tests_fuzz_fuzz_jsonl_SOURCES = tests/fuzz/fuzz.h tests/fuzz/records.h tests/fuzz/fuzz_jsonl.c $(FUZZ_MAIN)
tests_fuzz_fuzz_jsonl_CPPFLAGS = $(tests_fuzz_fuzz_csv_CPPFLAGS)
tests_fuzz_fuzz_jsonl_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_jsonl_LDADD = libfile.la $(fuzz_libs)
tests_fuzz_fuzz_archive_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_archive.c $(FUZZ_MAIN)
tests_fuzz_fuzz_archive_CPPFLAGS = $(tests_fuzz_fuzz_csv_CPPFLAGS)
tests_fuzz_fuzz_archive_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_archive_LDADD = libfile.la libweir-store.la $(fuzz_libs) $(ARCHIVE_LIBS)
tests_fuzz_fuzz_elf_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_elf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_elf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_elf_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_model_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_model.c $(FUZZ_MAIN)
tests_fuzz_fuzz_model_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_model_LDADD = libweir-ml.la libweir-base.la $(BASE_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_config_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_expression_SOURCES = tests/fuzz/fuzz.h tests/fuzz/fuzz_expression.c $(FUZZ_MAIN)
tests_fuzz_fuzz_expression_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_expression_LDADD = libweir-expression.la $(fuzz_libs)

# Seconds for each target.
FUZZ_SECONDS = 60
fuzz: all $(fuzz_targets)
	$(AM_TESTS_ENVIRONMENT) top_srcdir='$(top_srcdir)' top_builddir=. $(srcdir)/tests/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)
.PHONY: fuzz
