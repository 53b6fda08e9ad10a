/* SPDX-License-Identifier: MIT */
/* Holds trained weights against those of scikit-learn 1.2.1, whose bias is regularised too when it is a feature. */
#include <math.h>
#include <string.h>

#include "ml/linear.h"
#include "ml/rng.h"
#include "ml/test_threads.h"

#define N_ROWS 9

static const float values[N_ROWS][3] = {{1, 0, 0.5F},    {0.8F, 0.2F, 0},    {0.9F, 0.1F, 0.3F},
                                        {0, 1, 0.2F},    {0.1F, 0.9F, 0.4F}, {0.3F, 0.7F, 0},
                                        {0.2F, 0.1F, 1}, {0, 0.4F, 0.9F},    {0.5F, 0.5F, 0.5F}};
static const uint32_t labels[N_ROWS] = {0, 0, 0, 1, 1, 1, 2, 2, 1};

static WeirSparse *
sample(void)
{
  WeirSparse *matrix = weir_sparse_new(N_ROWS, 3, (gsize)N_ROWS * 3);
  gsize n = 0;
  for (gsize r = 0; r < N_ROWS; r++) {
    for (uint32_t k = 0; k < 3; k++) {
      if (values[r][k] == 0)
        continue;
      matrix->columns[n] = k;
      matrix->values[n++] = values[r][k];
    }
    matrix->starts[r + 1] = n;
  }
  return matrix;
}

/* `wanted` holds a row a label: three weights and the bias. */
static void
check_weights(WeirLinearKind kind, double c, const double *label_weights, const double wanted[3][4])
{
  WeirLinearOptions options = {.kind = kind, .c = c, .epochs = 3000};
  g_autoptr(WeirSparse) matrix = sample();
  WeirLabelledRows rows = {matrix, NULL, labels};
  WeirHeadShape shape = {3, label_weights};
  WeirLinearHead head;
  WeirTrainingReport report;
  g_assert_true(weir_linear_train(&options, &shape, 1, &rows, NULL, NULL, NULL, NULL, &head, &report));
  for (guint k = 0; k < 3; k++)
    for (guint f = 0; f < 4; f++)
      g_assert_cmpfloat_with_epsilon((double)head.weights[f * head.width + k], wanted[k][f], 2e-3);
  for (guint f = 0; f < 4; f++)
    for (guint k = 3; k < head.width; k++)
      g_assert_cmpfloat(head.weights[f * head.width + k], ==, 0);
  weir_linear_head_clear(&head);
}

static void
test_svm(void)
{
  const double wanted[3][4] = {{1.198485368, -0.9896033211, -0.6090775775, -0.2231003261},
                               {-0.4197061714, 1.3433579162, -0.6075003458, -0.2458643271},
                               {-0.9686720775, -0.7640663715, 1.0618236214, -0.2836421383}};
  check_weights(WEIR_LINEAR_SVM, 1, NULL, wanted);
}

static void
test_svm_weighted(void)
{
  const double weights[] = {1, 2, 0.5};
  const double wanted[3][4] = {{1.198485368, -0.9896033211, -0.6090775775, -0.2231003261},
                               {-0.3515533793, 1.5693832814, -0.5886397041, -0.2213684223},
                               {-0.8075176045, -0.6609139949, 0.7724525123, -0.3514508311}};
  check_weights(WEIR_LINEAR_SVM, 1, weights, wanted);
}

static void
test_logistic(void)
{
  const double wanted[3][4] = {{3.114552962, -2.6164211042, -1.6087669531, -0.6561475087},
                               {-1.2213751262, 3.5550962234, -1.6325744487, -0.5596166279},
                               {-2.5347508837, -1.9062850653, 2.8469379955, -0.9707514359}};
  check_weights(WEIR_LINEAR_LOGISTIC, 10, NULL, wanted);
}

static void
test_multinomial(void)
{
  const double wanted[3][4] = {{2.4414477556, -1.7150678256, -1.2649560838, 0.0592442404},
                               {-0.5747914188, 2.710282834, -1.0025884873, 0.1334769526},
                               {-1.8666563368, -0.9952150084, 2.2675445711, -0.192721193}};
  const double weights[] = {1, 2, 0.5};
  const double weighted[3][4] = {{2.4697910653, -2.0144194076, -1.2574862918, 0.0469931849},
                                 {-0.6761746907, 3.0609310859, -0.7278895516, 0.3362301914},
                                 {-1.7936163745, -1.0465116783, 1.9853758434, -0.3832233762}};
  check_weights(WEIR_LINEAR_MULTINOMIAL, 10, NULL, wanted);
  check_weights(WEIR_LINEAR_MULTINOMIAL, 10, weights, weighted);
}

/* Rows of noisy clusters: label k lights columns near 3 k. Two heads take turns. */
typedef struct {
  WeirSparse *matrix;
  uint32_t *heads, *labels;
} Clusters;

static Clusters
make_clusters(gsize n, guint n_labels, guint n_columns, guint64 seed)
{
  Clusters clusters = {weir_sparse_new(n, n_columns, n * 6), g_new(uint32_t, n), g_new(uint32_t, n)};
  WeirRng rng = weir_rng_seeded(seed);
  gsize at = 0;
  for (gsize r = 0; r < n; r++) {
    clusters.heads[r] = r % 2;
    clusters.labels[r] = (uint32_t)weir_rng_below(&rng, n_labels);
    uint32_t first = (uint32_t)weir_rng_below(&rng, n_columns / 6);
    for (uint32_t j = 0; j < 6; j++) {
      gboolean tells = j < 3 && weir_rng_unit(&rng) < 0.7;
      uint32_t column = tells ? (clusters.labels[r] * 3 + j) % (n_columns / 2) : first + j * (n_columns / 6);
      gboolean is_new = TRUE;
      for (gsize i = clusters.matrix->starts[r]; i < at; i++)
        is_new = is_new && clusters.matrix->columns[i] != column;
      if (!is_new)
        continue;
      clusters.matrix->columns[at] = column;
      clusters.matrix->values[at++] = 0.4F;
    }
    clusters.matrix->starts[r + 1] = at;
  }
  return clusters;
}

static void
clusters_clear(Clusters *clusters)
{
  weir_sparse_free(clusters->matrix);
  g_free(clusters->heads);
  g_free(clusters->labels);
}

static double
accuracy_of(const WeirLinearHead *heads, const Clusters *clusters)
{
  gsize right = 0;
  float scores[160] __attribute__((aligned(64)));
  for (gsize r = 0; r < clusters->matrix->n_rows; r++) {
    const gsize start = clusters->matrix->starts[r], n = clusters->matrix->starts[r + 1] - start;
    const WeirLinearHead *head = &heads[clusters->heads[r]];
    double probability = 0, sum = 0;
    weir_linear_scores(head, clusters->matrix->columns + start, clusters->matrix->values + start, n, scores);
    guint label = weir_linear_decide(head, scores, &probability);
    right += label == clusters->labels[r];
    weir_linear_probabilities(head, scores);
    for (guint k = 0; k < head->n_labels; k++)
      sum += (double)scores[k];
    g_assert_cmpfloat_with_epsilon(sum, 1, 1e-5);
    g_assert_cmpfloat_with_epsilon((double)scores[label], probability, 1e-5);
  }
  return (double)right / (double)clusters->matrix->n_rows;
}

/* Two heads of many labels: the same bytes on one thread and on three, for each kind and each way of calibration. */
static void
test_threads_agree(void)
{
  const gsize sizes[] = {600, 6000};
  for (gsize s = 0; s < G_N_ELEMENTS(sizes); s++) {
    Clusters clusters = make_clusters(sizes[s], 45, 300, 3);
    WeirLabelledRows rows = {clusters.matrix, clusters.heads, clusters.labels};
    const WeirHeadShape shapes[] = {{45, NULL}, {130, NULL}};
    for (WeirLinearKind kind = WEIR_LINEAR_SVM; kind <= WEIR_LINEAR_MULTINOMIAL; kind++) {
      WeirLinearOptions options = {.kind = kind, .c = 1, .epochs = 6, .tolerance = 0.01, .seed = 5};
      WeirLinearHead one[2], three[2];
      WeirTrainingReport report, again;
      g_assert_true(weir_linear_train(&options, shapes, 2, &rows, NULL, NULL, NULL, NULL, one, &report));
      g_assert_true(
          weir_linear_train(&options, shapes, 2, &rows, NULL, &test_threads, NULL, NULL, three, &again));
      for (guint h = 0; h < 2; h++) {
        gsize bytes = ((gsize)one[h].n_features + 1) * one[h].width * sizeof(float);
        g_assert_cmpmem(one[h].weights, bytes, three[h].weights, bytes);
        g_assert_cmpfloat(one[h].sharpness, ==, three[h].sharpness);
      }
      g_assert_cmpuint(report.calibration_rows, >, 0);
      g_assert_cmpfloat(accuracy_of(one, &clusters), >, 0.7);
      for (guint h = 0; h < 2; h++) {
        weir_linear_head_clear(&one[h]);
        weir_linear_head_clear(&three[h]);
      }
    }
    clusters_clear(&clusters);
  }
}

typedef struct {
  guint calls;
  guint stop_after;
  double f1[64]; /* of the eval rows, by epoch */
  WeirEpoch last;
} Told;

static gboolean
hear(const WeirEpoch *epoch, gpointer data)
{
  Told *told = data;
  told->calls++;
  g_assert_cmpuint(epoch->epoch, ==, told->calls);
  told->f1[epoch->epoch % 64] = epoch->eval.macro_f1;
  told->last = *epoch;
  return !told->stop_after || told->calls < told->stop_after;
}

/* With eval rows the best epoch's weights are kept, not the last ones. */
static void
test_early_stopping(void)
{
  Clusters clusters = make_clusters(800, 20, 300, 1), eval = make_clusters(400, 21, 300, 2);
  WeirLabelledRows rows = {clusters.matrix, NULL, clusters.labels},
                   eval_rows = {eval.matrix, NULL, eval.labels};
  WeirLinearOptions options = {.kind = WEIR_LINEAR_SVM, .c = 100, .epochs = 40, .patience = 2};
  WeirHeadShape shape = {20, NULL};
  WeirLinearHead head;
  WeirTrainingReport report;
  Told told = {0};
  memset(eval.heads, 0, eval.matrix->n_rows * sizeof *eval.heads);
  g_assert_true(weir_linear_train(&options, &shape, 1, &rows, &eval_rows, NULL, hear, &told, &head, &report));
  g_assert_cmpuint(told.calls, <, 40);
  g_assert_cmpuint(report.epochs, ==, told.calls);
  g_assert_cmpuint(report.best_epoch, ==, told.calls - 2);
  for (guint e = 1; e <= report.epochs; e++)
    g_assert_cmpfloat(told.f1[e], <=, told.f1[report.best_epoch]);
  g_assert_cmpuint(told.last.eval.rows, ==, 400);
  g_assert_cmpuint(told.last.train.rows, ==, 800);
  g_assert_cmpuint(report.calibration_rows, <, 400); /* not the rows of the label that training never saw */
  options.epochs = report.best_epoch;
  WeirLinearHead best;
  WeirTrainingReport again;
  g_assert_true(weir_linear_train(&options, &shape, 1, &rows, &eval_rows, NULL, NULL, NULL, &best, &again));
  gsize bytes = ((gsize)head.n_features + 1) * head.width * sizeof(float);
  g_assert_cmpmem(head.weights, bytes, best.weights, bytes);
  weir_linear_head_clear(&head);
  weir_linear_head_clear(&best);
  clusters_clear(&clusters);
  clusters_clear(&eval);
}

/* Confidences of unseen rows agree with how often they are right. */
static void
test_calibration(void)
{
  Clusters clusters = make_clusters(4000, 20, 300, 1);
  WeirLabelledRows rows = {clusters.matrix, NULL, clusters.labels};
  WeirHeadShape shape = {20, NULL};
  for (WeirLinearKind kind = WEIR_LINEAR_SVM; kind <= WEIR_LINEAR_MULTINOMIAL; kind++) {
    WeirLinearOptions options = WEIR_LINEAR_OPTIONS_INIT;
    options.kind = kind;
    WeirLinearHead head;
    WeirTrainingReport report;
    g_assert_true(weir_linear_train(&options, &shape, 1, &rows, NULL, NULL, NULL, NULL, &head, &report));
    g_assert_true(report.converged);
    g_assert_cmpfloat(report.calibration_error, <, 0.06);
    weir_linear_head_clear(&head);
  }
  clusters_clear(&clusters);
}

/* One label, no rows, a label without rows, a single epoch: nothing divides by zero. */
static void
test_edges(void)
{
  g_autoptr(WeirSparse) matrix = sample();
  const uint32_t same[N_ROWS] = {0};
  for (WeirLinearKind kind = WEIR_LINEAR_SVM; kind <= WEIR_LINEAR_MULTINOMIAL; kind++) {
    WeirLinearOptions options = WEIR_LINEAR_OPTIONS_INIT;
    options.kind = kind;
    const WeirHeadShape shapes[] = {{1, NULL}, {2, NULL}, {100, NULL}};
    WeirLinearHead heads[3];
    WeirTrainingReport report;
    WeirLabelledRows rows = {matrix, NULL, same};
    for (options.epochs = 1; options.epochs <= 4; options.epochs += 3) {
      g_assert_true(
          weir_linear_train(&options, shapes, 3, &rows, NULL, &test_threads, NULL, NULL, heads, &report));
      float scores[112] __attribute__((aligned(64)));
      for (guint h = 0; h < 3; h++) {
        double probability = 0;
        weir_linear_scores(&heads[h], NULL, NULL, 0, scores);
        g_assert_cmpuint(weir_linear_decide(&heads[h], scores, &probability), ==, 0);
        g_assert_cmpfloat_with_epsilon(probability, 1.0 / heads[h].n_labels, 1e-6);
        weir_linear_head_clear(&heads[h]);
      }
    }
  }
}

static void
test_stop(void)
{
  g_autoptr(WeirSparse) matrix = sample();
  WeirLabelledRows rows = {matrix, NULL, labels};
  WeirLinearOptions options = {.kind = WEIR_LINEAR_SVM, .c = 1, .epochs = 50};
  WeirHeadShape shape = {3, NULL};
  WeirLinearHead head;
  WeirTrainingReport report;
  Told told = {.stop_after = 2};
  g_assert_true(weir_linear_train(&options, &shape, 1, &rows, NULL, NULL, hear, &told, &head, &report));
  g_assert_cmpuint(report.epochs, ==, 2);
  weir_linear_head_clear(&head);
  g_assert_false(
      weir_linear_train(&options, &shape, 1, &rows, NULL, &test_cancelled, NULL, NULL, &head, &report));
  g_assert_null(head.weights);
}

/* More weights than there are addresses for. Sanitizers end the process where malloc() says no. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void
test_no_memory(void)
{
  g_autoptr(WeirSparse) matrix = sample();
  matrix->n_columns = G_MAXUINT32 - 1;
  WeirLabelledRows rows = {matrix, NULL, labels};
  WeirLinearOptions options = {.kind = WEIR_LINEAR_MULTINOMIAL, .c = 1, .epochs = 2};
  WeirHeadShape shape = {1 << 18, NULL};
  WeirLinearHead head;
  WeirTrainingReport report;
  g_assert_false(weir_linear_train(&options, &shape, 1, &rows, NULL, NULL, NULL, NULL, &head, &report));
  g_assert_true(report.no_memory);
  g_assert_null(head.weights);
}
#endif

static void
test_balanced(void)
{
  const guint64 counts[] = {1, 0, 3};
  g_autofree double *weights = weir_linear_balanced_weights(counts, 3);
  g_assert_cmpfloat(weights[0], ==, 2);
  g_assert_cmpfloat(weights[1], ==, 0);
  g_assert_cmpfloat_with_epsilon(weights[2], 2.0 / 3, 1e-12);
}

/* What is held out of three rows that have nothing in common gets the same score for both labels: no reason to be
 * surer than by default. */
static void
test_uninformed_calibration(void)
{
  const uint32_t own_labels[] = {0, 0, 1};
  g_autoptr(WeirSparse) matrix = weir_sparse_new(3, 3, 3);
  for (uint32_t r = 0; r < 3; r++) {
    matrix->starts[r + 1] = r + 1;
    matrix->columns[r] = r;
    matrix->values[r] = 1;
  }
  WeirLabelledRows rows = {matrix, NULL, own_labels};
  WeirLinearOptions options = WEIR_LINEAR_OPTIONS_INIT;
  WeirHeadShape shape = {2, NULL};
  WeirLinearHead head;
  WeirTrainingReport report;
  g_assert_true(weir_linear_train(&options, &shape, 1, &rows, NULL, NULL, NULL, NULL, &head, &report));
  g_assert_cmpuint(report.calibration_rows, ==, 2);
  g_assert_cmpfloat(head.sharpness, <, 10);
  weir_linear_head_clear(&head);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/linear/svm", test_svm);
  g_test_add_func("/linear/svm-weighted", test_svm_weighted);
  g_test_add_func("/linear/logistic", test_logistic);
  g_test_add_func("/linear/multinomial", test_multinomial);
  g_test_add_func("/linear/threads-agree", test_threads_agree);
  g_test_add_func("/linear/early-stopping", test_early_stopping);
  g_test_add_func("/linear/calibration", test_calibration);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  g_test_add_func("/linear/no-memory", test_no_memory);
#endif
  g_test_add_func("/linear/edges", test_edges);
  g_test_add_func("/linear/stop", test_stop);
  g_test_add_func("/linear/balanced", test_balanced);
  g_test_add_func("/linear/uninformed-calibration", test_uninformed_calibration);
  return g_test_run();
}
