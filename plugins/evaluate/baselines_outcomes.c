/* SPDX-License-Identifier: MIT */
/* Baselines of a router: what it would reach that always took one model, the best of each category, any, or the best. */
#include "config.h"

#include "baselines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MAX_MODELS     65536u
#define MAX_CATEGORIES 1048576u
#define Z95            1.959963984540054 /* of the normal distribution, for an interval of 95 % */

/* An answer; sorted by query and model. */
typedef struct {
  guint64 high, low; /* of the query's hash */
  guint32 model, category;
  double quality;
  double latency; /* NAN: not known */
} Answer;

/* The answers of one side. */
typedef struct {
  Answer *answers;
  guint64 n, room;
  guint64 queries;
} Side;

/* Names in the order of their bytes. */
typedef struct {
  GPtrArray *names;
  GHashTable *numbers;
} Names;

typedef struct {
  weir_stage *stage;
  Names models, categories;
  GString *scratch;
  Side sides[2];
  Side *reading;
  guint best;     /* model on what is learned from */
  guint *best_of; /* of each category */
  gboolean has_category;
} Outcomes;

/* What one choice reaches. */
typedef struct {
  guint64 queries;
  double quality, square; /* sums over queries */
  double best;            /* queries where it takes a best model */
  double latency;
  guint64 with_latency;
} Reached;

int
baselines_declare_outcomes(weir_stage *stage)
{
  static const weir_field fields[] = {
      {"baseline", "utf8"},   {"model", "utf8?"},      {"queries", "u64"},    {"quality", "f64"},
      {"quality_low", "f64"}, {"quality_high", "f64"}, {"best_share", "f64"}, {"latency", "f64?"},
  };
  return weir_declare(stage, 0, fields, G_N_ELEMENTS(fields));
}

/* --- Names --- */

static void
note_name(Names *names, weir_text text, GString *scratch)
{
  g_string_truncate(scratch, 0);
  g_string_append_len(scratch, text.data, (gssize)text.len);
  if (g_hash_table_contains(names->numbers, scratch->str))
    return;
  char *name = g_strdup(scratch->str);
  g_ptr_array_add(names->names, name);
  g_hash_table_insert(names->numbers, name, NULL);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
number_names(Names *names)
{
  g_ptr_array_sort(names->names, compare_names);
  for (guint i = 0; i < names->names->len; i++)
    g_hash_table_insert(names->numbers, names->names->pdata[i], GUINT_TO_POINTER(i));
}

static guint32
number_of(const Names *names, weir_text text, GString *scratch)
{
  g_string_truncate(scratch, 0);
  g_string_append_len(scratch, text.data, (gssize)text.len);
  return GPOINTER_TO_UINT(g_hash_table_lookup(names->numbers, scratch->str));
}

/* --- Reading --- */

static weir_text
category_of(const BaselineColumns *columns, int64_t row)
{
  if (columns->category.type == WEIR_TYPE_NONE || weir_is_null(&columns->category, row))
    return (weir_text){"", 0};
  return weir_get_text(&columns->category, row);
}

static int
note_row(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Outcomes *o = data;
  note_name(&o->models, weir_get_text(&columns->model, row), o->scratch);
  note_name(&o->categories, category_of(columns, row), o->scratch);
  if (o->models.names->len > MAX_MODELS)
    return weir_fail(o->stage, "more than %u models", MAX_MODELS);
  if (o->categories.names->len > MAX_CATEGORIES)
    return weir_fail(o->stage, "more than %u categories", MAX_CATEGORIES);
  return 0;
}

static int
read_answer(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Outcomes *o = data;
  const BaselinesState *state = o->stage->state;
  Side *side = o->reading;
  weir_text query = weir_get_text(&columns->query, row);
  double quality = weir_get_number(&columns->quality, row);
  if (!isfinite(quality))
    return weir_reject(o->stage, columns->port, columns->batch, row, "column \"%s\" holds no finite number",
                       state->quality);
  XXH128_hash_t hash = XXH3_128bits(query.data, (size_t)query.len);
  gboolean has_latency = columns->latency.type != WEIR_TYPE_NONE && !weir_is_null(&columns->latency, row);
  side->answers[side->n++] =
      (Answer){.high = hash.high64,
               .low = hash.low64,
               .model = number_of(&o->models, weir_get_text(&columns->model, row), o->scratch),
               .category = number_of(&o->categories, category_of(columns, row), o->scratch),
               .quality = quality,
               .latency = has_latency ? weir_get_number(&columns->latency, row) : NAN};
  return 0;
}

static int
compare_queries(const Answer *a, const Answer *b)
{
  if (a->high != b->high)
    return a->high < b->high ? -1 : 1;
  return a->low < b->low ? -1 : a->low > b->low;
}

/* Last by quality and latency, so that sums do not hang on the order of the rows. */
static int
compare_answers(const void *a, const void *b)
{
  const Answer *x = a;
  const Answer *y = b;
  int order = compare_queries(x, y);
  if (order)
    return order;
  if (x->model != y->model)
    return x->model < y->model ? -1 : 1;
  if (x->quality != y->quality)
    return x->quality < y->quality ? -1 : 1;
  return x->latency < y->latency ? -1 : x->latency > y->latency;
}

/* Several answers of a model to a query become their mean. */
static void
merge_repeats(Side *side)
{
  guint64 n = 0;
  for (guint64 i = 0; i < side->n;) {
    Answer mean = side->answers[i];
    double latency = 0;
    guint64 with_latency = 0;
    guint64 end = i;
    mean.quality = 0;
    for (; end < side->n && compare_queries(&side->answers[end], &mean) == 0 &&
           side->answers[end].model == mean.model;
         end++) {
      mean.quality += side->answers[end].quality;
      if (!isnan(side->answers[end].latency)) {
        latency += side->answers[end].latency;
        with_latency++;
      }
    }
    mean.quality /= (double)(end - i);
    mean.latency = with_latency ? latency / (double)with_latency : NAN;
    side->queries += n == 0 || compare_queries(&side->answers[n - 1], &mean) != 0;
    side->answers[n++] = mean;
    i = end;
  }
  side->n = n;
}

static int
read_side(Outcomes *o, uint32_t port)
{
  Side *side = &o->sides[port];
  side->room = weir_table_rows(o->stage, port) + 1;
  if (side->room > G_MAXSIZE / 2 / sizeof *side->answers ||
      weir_reserve(o->stage, side->room * sizeof *side->answers))
    return weir_fail(o->stage,
                     "no memory for %" G_GUINT64_FORMAT " outcomes (%" G_GSIZE_FORMAT
                     " bytes each)\nhint: raise --memory",
                     side->room - 1, sizeof *side->answers);
  side->answers = g_try_new(Answer, side->room);
  if (!side->answers)
    return weir_fail(o->stage, "no memory for %" G_GUINT64_FORMAT " outcomes", side->room - 1);
  o->reading = side;
  if (baselines_each_row(o->stage, port, read_answer, o))
    return -1;
  if (!side->n)
    return weir_fail(o->stage, "none of the outcomes can be used");
  qsort(side->answers, side->n, sizeof *side->answers, compare_answers);
  merge_repeats(side);
  return 0;
}

/* --- Learning --- */

/* The answers to the query that begins at `start`; returns their end. */
static guint64
end_of_query(const Side *side, guint64 start)
{
  guint64 end = start + 1;
  while (end < side->n && compare_queries(&side->answers[start], &side->answers[end]) == 0)
    end++;
  return end;
}

/* The model with the largest sum of qualities, over all and in each category: a model without an answer counts 0.
 * 0 or -1 (reported). */
static int
learn(Outcomes *o, const Side *side)
{
  gsize n = o->models.names->len, sums = n * o->categories.names->len + 1;
  g_autofree double *sum = g_new0(double, n + 1);
  g_autofree double *of_category =
      weir_reserve(o->stage, sums * sizeof(double)) ? NULL : g_try_new0(double, sums);
  if (!of_category)
    return weir_fail(o->stage,
                     "no memory for %" G_GSIZE_FORMAT " models in %u categories\n"
                     "hint: name a column with fewer values in option \"category\", or raise --memory",
                     n, o->categories.names->len);
  for (guint64 i = 0; i < side->n; i++) {
    const Answer *answer = &side->answers[i];
    sum[answer->model] += answer->quality;
    of_category[answer->category * n + answer->model] += answer->quality;
  }
  for (guint m = 1; m < n; m++)
    o->best = sum[m] > sum[o->best] ? m : o->best;
  for (guint c = 0; c < o->categories.names->len; c++) {
    const double *row = of_category + c * n;
    guint best = o->best;
    for (guint m = 0; m < n; m++)
      best = row[m] > row[best] ? m : best;
    o->best_of[c] = best;
  }
  return 0;
}

/* --- Choices --- */

/* Adds what a choice reaches for one query; `answer` NULL: the model has none, which is quality 0. */
static void
add_choice(Reached *reached, const Answer *answer, double best)
{
  double quality = answer ? answer->quality : 0;
  reached->queries++;
  reached->quality += quality;
  reached->square += quality * quality;
  reached->best += best > 0 && quality >= best;
  if (answer && !isnan(answer->latency)) {
    reached->latency += answer->latency;
    reached->with_latency++;
  }
}

static const Answer *
answer_of(const Side *side, guint64 start, guint64 end, guint model)
{
  for (guint64 i = start; i < end; i++)
    if (side->answers[i].model == model)
      return &side->answers[i];
  return NULL;
}

/* The best answer; of equals the fastest, then the first by name. */
static const Answer *
best_answer(const Side *side, guint64 start, guint64 end)
{
  const Answer *best = &side->answers[start];
  for (guint64 i = start + 1; i < end; i++) {
    const Answer *answer = &side->answers[i];
    if (answer->quality > best->quality ||
        (answer->quality == best->quality && answer->latency < best->latency))
      best = answer;
  }
  return best;
}

/* A draw among the models that answered: its mean. */
static void
add_random(Reached *reached, const Side *side, guint64 start, guint64 end, double best)
{
  double n = (double)(end - start);
  double quality = 0;
  double latency = 0;
  guint64 with_latency = 0;
  guint64 of_best = 0;
  for (guint64 i = start; i < end; i++) {
    const Answer *answer = &side->answers[i];
    quality += answer->quality / n;
    of_best += best > 0 && answer->quality >= best;
    latency += isnan(answer->latency) ? 0 : answer->latency;
    with_latency += !isnan(answer->latency);
  }
  reached->queries++;
  reached->quality += quality;
  reached->square += quality * quality;
  reached->best += (double)of_best / n;
  if (with_latency) {
    reached->latency += latency / (double)with_latency;
    reached->with_latency++;
  }
}

static void
add_line(const Outcomes *o, BaselineLines *lines, const char *baseline, const char *model,
         const Reached *reached)
{
  double n = (double)reached->queries;
  double mean = reached->quality / n;
  double variance = n > 1 ? MAX(0, (reached->square - n * mean * mean) / (n - 1)) : 0;
  double half = Z95 * sqrt(variance / n);
  const BaselineCell cells[] = {
      baseline_text(baseline),
      model ? baseline_text(model) : baseline_number(NAN),
      baseline_number(n),
      baseline_number(mean),
      baseline_number(mean - half),
      baseline_number(mean + half),
      baseline_number(reached->best / n),
      baseline_number(reached->with_latency ? reached->latency / (double)reached->with_latency : NAN),
  };
  baseline_lines_add(lines, cells, G_N_ELEMENTS(cells));
  if (!g_str_equal(baseline, "always")) {
    g_autofree char *name = g_strdup_printf("quality of %s", baseline);
    weir_metric(o->stage, name, mean, NULL);
  }
}

static int
compare_choices(const Outcomes *o, BaselineLines *lines)
{
  static const char *const columns[] = {"baseline",     "model",      "queries", "quality", "quality low",
                                        "quality high", "best share", "latency", NULL};
  const Side *side = &o->sides[BASELINES_IN];
  guint n = o->models.names->len;
  Reached oracle = {0};
  Reached random = {0};
  Reached by_category = {0};
  g_autofree Reached *always = g_new0(Reached, n + 1);
  guint64 end;
  for (guint64 start = 0; start < side->n; start = end) {
    end = end_of_query(side, start);
    const Answer *top = best_answer(side, start, end);
    guint choice = o->best_of[side->answers[start].category];
    add_choice(&oracle, top, top->quality);
    add_random(&random, side, start, end, top->quality);
    add_choice(&by_category, answer_of(side, start, end, choice), top->quality);
    for (guint m = 0; m < n; m++)
      add_choice(&always[m], answer_of(side, start, end, m), top->quality);
  }
  add_line(o, lines, "oracle", NULL, &oracle);
  if (o->has_category)
    add_line(o, lines, "best by category", NULL, &by_category);
  add_line(o, lines, "best single", o->models.names->pdata[o->best], &always[o->best]);
  add_line(o, lines, "random", NULL, &random);
  for (guint m = 0; m < n; m++)
    add_line(o, lines, "always", o->models.names->pdata[m], &always[m]);
  return baseline_lines_send(lines, columns);
}

static int
evaluate(Outcomes *o)
{
  gboolean has_train = weir_inputs(o->stage, BASELINES_TRAIN) > 0;
  BaselineLines lines;
  if ((has_train && baselines_each_row(o->stage, BASELINES_TRAIN, note_row, o)) ||
      baselines_each_row(o->stage, BASELINES_IN, note_row, o))
    return -1;
  number_names(&o->models);
  number_names(&o->categories);
  o->best_of = g_new0(guint, o->categories.names->len + 1);
  if ((has_train && read_side(o, BASELINES_TRAIN)) || read_side(o, BASELINES_IN))
    return -1;
  if (learn(o, &o->sides[has_train ? BASELINES_TRAIN : BASELINES_IN]))
    return -1;
  return baseline_lines_begin(o->stage, &lines) || compare_choices(o, &lines) ? -1 : 0;
}

int
baselines_outcomes(weir_stage *stage)
{
  Outcomes o = {
      .stage = stage,
      .models = {g_ptr_array_new_with_free_func(g_free), g_hash_table_new(g_str_hash, g_str_equal)},
      .categories = {g_ptr_array_new_with_free_func(g_free), g_hash_table_new(g_str_hash, g_str_equal)},
      .scratch = g_string_new(NULL),
      .has_category = weir_input_index(stage, BASELINES_IN, BY_CATEGORY, 0) >= 0};
  int result = evaluate(&o);
  g_hash_table_unref(o.models.numbers);
  g_hash_table_unref(o.categories.numbers);
  g_ptr_array_unref(o.models.names);
  g_ptr_array_unref(o.categories.names);
  g_string_free(o.scratch, TRUE);
  g_free(o.sides[0].answers);
  g_free(o.sides[1].answers);
  g_free(o.best_of);
  return result;
}
