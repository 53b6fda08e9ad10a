# SPDX-License-Identifier: MIT
# The learning library; plugins link what they need of it statically.
noinst_LTLIBRARIES += libweir-ml.la
libweir_ml_la_SOURCES = \
  framework/ml/executor.h \
  framework/ml/features.h framework/ml/features_private.h framework/ml/features.c framework/ml/features_fit.c \
  framework/ml/metrics.h framework/ml/metrics.c framework/ml/metrics_interval.c \
  framework/ml/rng.h \
  framework/ml/sparse.h framework/ml/sparse.c \
  framework/ml/text.h framework/ml/text.c
libweir_ml_la_CFLAGS = $(AM_CFLAGS) $(UTF8PROC_CFLAGS) $(BLAS_CFLAGS)
libweir_ml_la_LIBADD = $(BASE_LIBS) $(UTF8PROC_LIBS) -lm

ml_tests = framework/ml/test_metrics
check_PROGRAMS += $(ml_tests)
TESTS += $(ml_tests)
framework_ml_test_metrics_LDADD = libweir-ml.la $(BASE_LIBS) -lm
