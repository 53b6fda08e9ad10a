# SPDX-License-Identifier: MIT
# libweir-ml: text features, linear models, model files. libweir-ml-metrics: figures of merit alone, which need no more
# than GLib. libweir-ml-text: normalised text, and what is nearly the same. Plugins link them statically, and
# libweir-base beside the first and the last.
noinst_LTLIBRARIES += libweir-ml.la libweir-ml-metrics.la libweir-ml-text.la
libweir_ml_text_la_SOURCES = \
  framework/ml/executor.h \
  framework/ml/near_compare.c \
  framework/ml/near_duplicates.h \
  framework/ml/near_find.c \
  framework/ml/near_find.h \
  framework/ml/near_index.c \
  framework/ml/near_pair.c \
  framework/ml/near_pair.h \
  framework/ml/near_private.h \
  framework/ml/near_shingles.c \
  framework/ml/near_store.c \
  framework/ml/rng.h \
  framework/ml/text.c \
  framework/ml/text.h
libweir_ml_text_la_CFLAGS = $(AM_CFLAGS) $(UTF8PROC_CFLAGS)
libweir_ml_text_la_LIBADD = $(BASE_LIBS) $(UTF8PROC_LIBS) -lm
libweir_ml_metrics_la_SOURCES = \
  framework/ml/metrics.c \
  framework/ml/metrics.h \
  framework/ml/metrics_interval.c \
  framework/ml/rng.h
libweir_ml_metrics_la_LIBADD = $(BASE_LIBS) -lm

libweir_ml_la_SOURCES = \
  framework/ml/executor.h \
  framework/ml/features.c \
  framework/ml/features.h \
  framework/ml/features_fit.c \
  framework/ml/features_private.h \
  framework/ml/linear.h \
  framework/ml/linear_calibrate.c \
  framework/ml/linear_figures.c \
  framework/ml/linear_logistic.c \
  framework/ml/linear_multinomial.c \
  framework/ml/linear_private.h \
  framework/ml/linear_score.c \
  framework/ml/linear_scored.c \
  framework/ml/linear_state.c \
  framework/ml/linear_svm.c \
  framework/ml/linear_train.c \
  framework/ml/linear_training.h \
  framework/ml/safetensors.c \
  framework/ml/safetensors.h \
  framework/ml/safetensors_write.c \
  framework/ml/sparse.c \
  framework/ml/sparse.h \
  framework/ml/text_model.c \
  framework/ml/text_model.h \
  framework/ml/text_model_load.c \
  framework/ml/text_model_private.h
libweir_ml_la_CFLAGS = $(AM_CFLAGS) $(UTF8PROC_CFLAGS)
libweir_ml_la_LIBADD = libweir-ml-metrics.la libweir-ml-text.la $(BASE_LIBS) $(UTF8PROC_LIBS) -lm

ml_tests = \
  framework/ml/test_features \
  framework/ml/test_linear \
  framework/ml/test_metrics \
  framework/ml/test_near_duplicates \
  framework/ml/test_safetensors \
  framework/ml/test_text \
  framework/ml/test_text_model
check_PROGRAMS += $(ml_tests)
TESTS += $(ml_tests)
ml_test_libs = libweir-ml.la libweir-base.la $(BASE_LIBS) -lm
framework_ml_test_features_SOURCES = framework/ml/test_features.c framework/ml/test_threads.h
framework_ml_test_features_LDADD = $(ml_test_libs)
framework_ml_test_linear_SOURCES = framework/ml/test_linear.c framework/ml/test_threads.h
framework_ml_test_linear_LDADD = $(ml_test_libs)
framework_ml_test_metrics_LDADD = libweir-ml-metrics.la $(BASE_LIBS) -lm
framework_ml_test_near_duplicates_SOURCES = framework/ml/test_near_duplicates.c framework/ml/test_threads.h
framework_ml_test_near_duplicates_LDADD = libweir-ml-text.la libweir-base.la $(BASE_LIBS) -lm
framework_ml_test_text_LDADD = $(ml_test_libs)
framework_ml_test_safetensors_SOURCES = framework/ml/test_safetensors.c framework/ml/test_files.h
framework_ml_test_safetensors_LDADD = $(ml_test_libs)
framework_ml_test_text_model_SOURCES = framework/ml/test_text_model.c framework/ml/test_files.h
framework_ml_test_text_model_LDADD = $(ml_test_libs)
