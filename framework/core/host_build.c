/* SPDX-License-Identifier: MIT */
/* Batches that a stage makes: built anew, derived or arranged from those of an input, rows of them selected. */
#include "core/run.h"

#include "base/error.h"

/* ---- Building ------------------------------------------------------------------------------------------- */

typedef struct {
  weir_batch public;
  WeirOutput *output;
  struct ArrowArray input; /* the batch that this one comes from */
  const WeirInput *from;   /* its port; NULL for one that is all new */
  const gint32 *columns;   /* which of its columns stands in each place of the output, or -1: a builder's */
  const gint32 *builders;  /* then which builder */
  gint32 *own;             /* what the two point into, unless it is the output's derivation */
  gint64 *rows;            /* which rows go on; NULL: all */
  gint64 n_rows;
} Building;

static gboolean
is_whole(const int64_t *rows, int64_t n, int64_t length)
{
  if (n != length)
    return FALSE;
  for (int64_t i = 0; i < n; i++)
    if (rows[i] != i)
      return FALSE;
  return TRUE;
}

static gboolean
same_type(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
  if (strcmp(a->format, b->format) != 0 || a->n_children != b->n_children)
    return FALSE;
  for (gint64 c = 0; c < a->n_children; c++)
    if (!same_type(a->children[c], b->children[c]))
      return FALSE;
  return TRUE;
}

static WeirOutput *
output_to_build(WeirStage *stage, uint32_t port, const char *what)
{
  if (port >= stage->plan->n_outputs) {
    weir_stage_breach(stage, "W05", "%s was asked for output %u, but there are %u", what, port,
                      stage->plan->n_outputs);
    return NULL;
  }
  WeirOutput *output = &stage->plan->outputs[port];
  if (output->schema)
    return output;
  weir_stage_breach(stage, "W10", "a batch was begun for \"%s\" before its columns were declared",
                    output->name);
  return NULL;
}

/* All new columns of a first batch together begin with about so many bytes. */
#define FIRST_BATCH ((gint64)1 << 20)

/* A builder for a column of an output: that of the last batch, which knows how large it became; or a new one. */
static weir_builder *
take_builder(const WeirStage *stage, const WeirOutput *output, guint column)
{
  weir_builder **spare = stage->spare_builders[output->index];
  if (spare && spare[column])
    return g_steal_pointer(&spare[column]);
  weir_builder *builder = weir_builder_new(output->schema->arrow.children[column]);
  gint64 share = FIRST_BATCH / MAX(weir_schema_n_columns(output->schema), 1);
  weir_builder_begin_with(builder, CLAMP(share, 64, 4096));
  return builder;
}

/* The builders of a batch that was sent. */
static void
keep_builders(WeirStage *stage, const Building *building)
{
  const WeirOutput *output = building->output;
  guint n = weir_schema_n_columns(output->schema);
  weir_builder ***spare = &stage->spare_builders[output->index];
  if (!*spare)
    *spare = g_new0(weir_builder *, n + 1);
  for (guint c = 0; c < n; c++) {
    if (building->from && building->columns[c] >= 0)
      continue;
    weir_builder **builder = &building->public.columns[building->from ? (guint)building->builders[c] : c];
    if (!(*spare)[c])
      (*spare)[c] = g_steal_pointer(builder);
  }
}

void
weir_host_free_builders(WeirStage *stage)
{
  while (stage->builders->len)
    weir_host_batch_drop(stage->builders->pdata[stage->builders->len - 1]);
  for (guint o = 0; o < stage->plan->n_outputs; o++) {
    weir_builder **spare = stage->spare_builders[o];
    for (guint c = 0; spare && c < weir_schema_n_columns(stage->plan->outputs[o].schema); c++)
      weir_builder_free(spare[c]);
    g_free(spare);
  }
  g_clear_pointer(&stage->spare_builders, g_free);
}

static Building *
building_new(WeirStage *stage, WeirOutput *output, guint n)
{
  Building *building = g_new0(Building, 1);
  building->public.host = stage->public.host;
  building->public.stage = &stage->public;
  building->public.n_columns = n;
  building->public.columns = g_new0(weir_builder *, n + 1);
  building->output = output;
  g_ptr_array_add(stage->builders, building);
  return building;
}

weir_batch *
weir_host_batch_new(weir_stage *public, uint32_t port)
{
  WeirStage *stage = (WeirStage *)public;
  WeirOutput *output = output_to_build(stage, port, "weir_batch_new()");
  if (!output)
    return NULL;
  Building *building = building_new(stage, output, weir_schema_n_columns(output->schema));
  for (guint c = 0; c < building->public.n_columns; c++)
    building->public.columns[c] = take_builder(stage, output, c);
  return &building->public;
}

/* The batch that it comes from, and builders for what does not come from there. */
static void
begin_from(Building *building, const WeirInput *from, struct ArrowArray *batch)
{
  const WeirSchema *schema = building->output->schema;
  building->from = from;
  weir_batch_move(batch, &building->input);
  for (guint c = 0; c < weir_schema_n_columns(schema); c++)
    if (building->columns[c] < 0)
      building->public.columns[building->builders[c]] =
          take_builder((WeirStage *)building->public.stage, building->output, c);
}

weir_batch *
weir_host_derive(weir_stage *public, uint32_t in, struct ArrowArray *batch, uint32_t out)
{
  WeirStage *stage = (WeirStage *)public;
  WeirOutput *output = output_to_build(stage, out, "weir_derive()");
  if (output && (!output->derivation || output->base != (gint)in)) {
    weir_stage_breach(stage, "W05",
                      "weir_derive() was asked for output \"%s\" from input %u, but its type is \"%s\"",
                      output->name, in, output->row->type);
    output = NULL;
  }
  if (!output) {
    weir_batch_release(batch);
    return NULL;
  }
  Building *building = building_new(stage, output, output->derivation->n_added);
  building->columns = output->derivation->from_input;
  building->builders = output->derivation->added;
  begin_from(building, &stage->plan->inputs[in], batch);
  return &building->public;
}

/* W05: what weir_arrange() was asked for is there, and of the same type on both sides. */
static gboolean
may_arrange(WeirStage *stage, uint32_t in, const WeirOutput *output, const int32_t *columns)
{
  const WeirSchema *have = in < stage->plan->n_inputs ? stage->plan->inputs[in].schema : NULL;
  if (!have) {
    weir_stage_breach(stage, "W05", "weir_arrange() was asked for input %u, which brings no batches", in);
    return FALSE;
  }
  for (guint c = 0; c < weir_schema_n_columns(output->schema); c++) {
    if (columns[c] < -1 || columns[c] >= have->arrow.n_children) {
      weir_stage_breach(stage, "W05",
                        "weir_arrange() was asked for column %d of an input that has %" G_GINT64_FORMAT,
                        columns[c], have->arrow.n_children);
      return FALSE;
    }
    if (columns[c] >= 0 && !same_type(have->arrow.children[columns[c]], output->schema->arrow.children[c])) {
      weir_stage_breach(
          stage, "W05",
          "weir_arrange() was asked for column \"%s\" of an input as column \"%s\" of output \"%s\", "
          "which is of another type",
          weir_schema_column_name(have, (guint)columns[c]), weir_schema_column_name(output->schema, c),
          output->name);
      return FALSE;
    }
  }
  return TRUE;
}

weir_batch *
weir_host_arrange(weir_stage *public, uint32_t in, struct ArrowArray *batch, uint32_t out,
                  const int32_t *columns, const int64_t *rows, int64_t n_rows)
{
  WeirStage *stage = (WeirStage *)public;
  WeirOutput *output = output_to_build(stage, out, "weir_arrange()");
  if (!output || !may_arrange(stage, in, output, columns)) {
    weir_batch_release(batch);
    return NULL;
  }
  guint n = weir_schema_n_columns(output->schema), n_builders = 0;
  gint32 *own = g_new0(gint32, 2 * n + 1);
  for (guint c = 0; c < n; c++) {
    own[c] = columns[c];
    own[n + c] = columns[c] < 0 ? (gint32)n_builders++ : -1;
  }
  Building *building = building_new(stage, output, n_builders);
  building->own = own;
  building->columns = own;
  building->builders = own + n;
  if (rows && !is_whole(rows, n_rows, batch->length)) {
    building->rows = g_memdup2(rows, (gsize)n_rows * sizeof *rows);
    building->n_rows = n_rows;
    building->rows = building->rows ? building->rows : g_new(gint64, 1);
  }
  begin_from(building, &stage->plan->inputs[in], batch);
  return &building->public;
}

void
weir_host_batch_drop(weir_batch *public)
{
  Building *building = (Building *)public;
  g_ptr_array_remove_fast(((WeirStage *)public->stage)->builders, public);
  for (guint c = 0; c < public->n_columns; c++)
    if (public->columns[c])
      weir_builder_free(public->columns[c]);
  if (building->from)
    weir_batch_release(&building->input);
  g_free(public->columns);
  g_free(building->own);
  g_free(building->rows);
  g_free(building);
}

static const char *
new_column_name(const Building *building, guint index)
{
  const WeirSchema *schema = building->output->schema;
  if (!building->from)
    return weir_schema_column_name(schema, index);
  for (guint c = 0; c < weir_schema_n_columns(schema); c++)
    if (building->columns[c] < 0 && building->builders[c] == (gint32)index)
      return weir_schema_column_name(schema, c);
  return "?";
}

/* W16, and values that did not fit. Gives the number of rows, or -1. */
static gint64
check_rows(WeirStage *stage, const Building *building)
{
  const weir_batch *public = &building->public;
  gint64 rows = building->rows      ? building->n_rows
                : building->from    ? building->input.length
                : public->n_columns ? public->columns[0]->length
                                    : 0;
  for (guint c = 0; c < public->n_columns; c++) {
    const char *wrong = weir_builder_error(public->columns[c]);
    if (wrong)
      return weir_stage_fail_host(stage, "column \"%s\" of output \"%s\": %s", new_column_name(building, c),
                                  building->output->name, wrong);
    if (public->columns[c]->length != rows)
      return weir_stage_breach(
          stage, "W16",
          "column \"%s\" of output \"%s\" has %" G_GINT64_FORMAT " rows, others have %" G_GINT64_FORMAT,
          new_column_name(building, c), building->output->name, public->columns[c]->length, rows);
  }
  return rows;
}

static gboolean
finish_columns(const Building *building, struct ArrowArray *columns, GError **error)
{
  for (guint c = 0; c < building->public.n_columns; c++) {
    columns[c].release = NULL;
    if (!weir_builder_finish(building->public.columns[c], &columns[c], error)) {
      for (guint d = 0; d < c; d++)
        weir_batch_release(&columns[d]);
      return FALSE;
    }
  }
  return TRUE;
}

/* Leaves only the chosen rows in the batch that this one comes from. */
static gboolean
choose_rows(Building *building, GError **error)
{
  struct ArrowArray chosen = {0};
  if (!building->rows)
    return TRUE;
  if (!weir_batch_gather(building->from->schema, &building->input, building->rows, building->n_rows, &chosen,
                         error))
    return FALSE;
  weir_batch_release(&building->input);
  weir_batch_move(&chosen, &building->input);
  return TRUE;
}

/* New columns in the order in which the output has them. */
static gboolean
assemble(Building *building, gint64 rows, struct ArrowArray *batch, GError **error)
{
  guint n = building->public.n_columns;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, n + 1);
  if (!choose_rows(building, error) || !finish_columns(building, columns, error))
    return FALSE;
  if (!building->from)
    return weir_batch_from_columns(columns, n, rows, batch, error);
  guint n_out = weir_schema_n_columns(building->output->schema);
  g_autofree struct ArrowArray *ordered = g_new0(struct ArrowArray, n + 1);
  for (guint c = 0, k = 0; c < n_out; c++)
    if (building->columns[c] < 0)
      weir_batch_move(&columns[building->builders[c]], &ordered[k++]);
  return weir_batch_rearrange(&building->input, building->columns, n_out, ordered, n, batch, error);
}

int
weir_host_batch_send(weir_batch *public)
{
  Building *building = (Building *)public;
  WeirStage *stage = (WeirStage *)public->stage;
  guint port = building->output->index;
  struct ArrowArray batch = {0};
  g_autoptr(GError) error = NULL;
  gint64 rows = check_rows(stage, building);
  gboolean fine = rows >= 0 && assemble(building, rows, &batch, &error);
  if (fine)
    keep_builders(stage, building);
  weir_host_batch_drop(public);
  if (!fine)
    return rows < 0 ? -1 : weir_stage_fail_host(stage, "%s", error->message);
  return weir_host_emit(&stage->public, port, &batch);
}

/* ---- Selecting ------------------------------------------------------------------------------------------ */

/* Whether batches of the one can go out as the other: who takes them reads the values as the types say. */
static gboolean
same_columns(const WeirSchema *in, const WeirSchema *out)
{
  return in && out && same_type(&in->arrow, &out->arrow);
}

int
weir_host_select(weir_stage *public, uint32_t in, struct ArrowArray *batch, uint32_t out, const int64_t *rows,
                 int64_t n)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  if (in >= stage->plan->n_inputs || out >= stage->plan->n_outputs ||
      !same_columns(stage->plan->inputs[in].schema, stage->plan->outputs[out].schema)) {
    weir_batch_release(batch);
    return weir_stage_breach(
        stage, "W05", "weir_select() was asked for input %u and output %u, which do not match", in, out);
  }
  if (is_whole(rows, n, batch->length))
    return weir_host_emit(public, out, batch);
  struct ArrowArray chosen = {0};
  gboolean fine = weir_batch_gather(stage->plan->inputs[in].schema, batch, rows, n, &chosen, &error);
  weir_batch_release(batch);
  if (!fine)
    return weir_stage_fail_host(stage, "%s", error->message);
  return weir_host_emit(public, out, &chosen);
}
