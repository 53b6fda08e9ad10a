/* SPDX-License-Identifier: MIT */
/* The two stages that a harness puts around the one under test: a source of rows and a sink that keeps them. */
#include "config.h"

#include "harness/private.h"

#include "base/atomic_file.h"
#include "core/batch.h"
#include "core/loader.h"
#include <dlfcn.h>

/* ---- Runs that go on ------------------------------------------------------------------------------------ */

static GMutex runs_lock;
static GPtrArray *runs; /* of HarnessRun */

void
harness_run_register(HarnessRun *run)
{
  static gint64 last;
  g_mutex_lock(&runs_lock);
  if (!runs)
    runs = g_ptr_array_new();
  run->id = ++last;
  g_ptr_array_add(runs, run);
  g_mutex_unlock(&runs_lock);
}

void
harness_run_unregister(HarnessRun *run)
{
  g_mutex_lock(&runs_lock);
  g_ptr_array_remove(runs, run);
  g_mutex_unlock(&runs_lock);
}

static HarnessRun *
find(gint64 id, const WeirRun *weir)
{
  HarnessRun *found = NULL;
  g_mutex_lock(&runs_lock);
  for (guint i = 0; runs && i < runs->len && !found; i++) {
    HarnessRun *run = runs->pdata[i];
    if (weir ? run->run == weir : run->id == id)
      found = run;
  }
  g_mutex_unlock(&runs_lock);
  return found;
}

HarnessRun *
harness_run_find(gint64 id)
{
  return find(id, NULL);
}

HarnessRun *
harness_run_of(const WeirRun *run)
{
  return find(0, run);
}

/* ---- Batches that are counted --------------------------------------------------------------------------- */

typedef struct {
  struct ArrowArray inner;
  gint *live;
} Counted;

static void
release_counted(struct ArrowArray *batch)
{
  Counted *counted = batch->private_data;
  counted->inner.release(&counted->inner);
  g_atomic_int_add(counted->live, -1);
  g_free(counted);
  batch->release = NULL;
}

void
harness_watch_batch(gint *live, struct ArrowArray *batch)
{
  Counted *counted = g_new(Counted, 1);
  counted->live = live;
  weir_batch_move(batch, &counted->inner);
  *batch = counted->inner;
  batch->release = release_counted;
  batch->private_data = counted;
  g_atomic_int_inc(live);
}

/* ---- The source ----------------------------------------------------------------------------------------- */

typedef struct {
  int64_t run, feed;
  int64_t next; /* row */
  bool declared;
} Source;

/* The feed, of which only its own stage knows the number. */
static HarnessFeed *
feed_of(const Source *source)
{
  HarnessRun *run = harness_run_find(source->run);
  return run ? run->feeds->pdata[source->feed] : NULL;
}

static int
declare(weir_stage *stage, Source *source, const HarnessFeed *feed)
{
  guint n = weir_schema_n_columns(feed->schema);
  g_autofree weir_field *fields = g_new0(weir_field, n + 1);
  g_autoptr(GPtrArray) types = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < n; i++) {
    g_ptr_array_add(types, weir_field_type_to_string(feed->schema->arrow.children[i]));
    fields[i] = (weir_field){weir_schema_column_name(feed->schema, i), types->pdata[i]};
  }
  source->declared = true;
  return weir_declare(stage, 0, fields, n);
}

static int
source_schema(weir_stage *stage)
{
  Source *source = stage->state;
  const HarnessFeed *feed = feed_of(source);
  if (!feed)
    return weir_fail(stage, "this stage works in a harness only");
  return feed->run->result->cut.late ? 0 : declare(stage, source, feed);
}

/* Rows of a batch; for slices with others before and behind that nobody may look at. */
static gboolean
make_batch(const HarnessFeed *feed, gint64 first, gint64 n, struct ArrowArray *batch, GError **error)
{
  const gint64 before = 3, behind = 2;
  if (!feed->run->result->cut.offset)
    return harness_build_batch(feed->schema, feed->rows, first, n, FALSE, batch, error);
  gint64 all = feed->rows->len;
  if (!harness_build_batch(feed->schema, feed->rows, (first + all - before % all) % all,
                           before % all + n + behind, FALSE, batch, error))
    return FALSE;
  weir_batch_slice(batch, before % all, n, batch);
  return TRUE;
}

static int
source_produce(weir_stage *stage)
{
  Source *source = stage->state;
  HarnessFeed *feed = feed_of(source);
  g_autoptr(GError) error = NULL;
  if (!source->declared) {
    harness_wait_opened(feed->run);
    if (declare(stage, source, feed))
      return -1;
  }
  gint64 left = (gint64)feed->rows->len - source->next;
  gint64 rows = feed->run->result->cut.batch_rows;
  gint64 n = rows ? MIN(left, rows) : left;
  struct ArrowArray batch;
  if (left == 0)
    return WEIR_END;
  if (!make_batch(feed, source->next, n, &batch, &error))
    return weir_fail(stage, "%s", error->message);
  harness_watch_batch(&feed->run->live, &batch);
  source->next += n;
  return weir_emit(stage, 0, &batch);
}

/* ---- The sink ------------------------------------------------------------------------------------------- */

typedef struct {
  int64_t run, output;
} Sink;

static HarnessOutput *
output_of(const Sink *sink)
{
  HarnessRun *run = harness_run_find(sink->run);
  return run->result->outputs->pdata[sink->output];
}

static void
note_types(weir_stage *stage, HarnessOutput *output)
{
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  if (output->schema || !schema)
    return;
  output->schema = weir_schema_copy(schema, NULL);
  output->types = weir_schema_to_string(output->schema);
}

static int
sink_process(weir_stage *stage, uint32_t port G_GNUC_UNUSED, struct ArrowArray *batch)
{
  const Sink *sink = stage->state;
  const HarnessRun *run = harness_run_find(sink->run);
  HarnessOutput *output = output_of(sink);
  note_types(stage, output);
  for (gint64 row = 0; row < batch->length; row++) {
    g_autofree char *json = harness_row_to_json(output->schema, batch, row);
    g_ptr_array_add(output->rows, harness_without_folder(run->result, json));
  }
  weir_batch_release(batch);
  return 0;
}

static int
sink_end(weir_stage *stage, uint32_t port G_GNUC_UNUSED)
{
  note_types(stage, output_of(stage->state));
  return 0;
}

/* ---- The plugin ----------------------------------------------------------------------------------------- */

static const weir_option source_options[] = {
    {"run", WEIR_INTEGER, 0, offsetof(Source, run), "0", .help = "Number of the harness's run"},
    {"feed", WEIR_INTEGER, 0, offsetof(Source, feed), "0", .help = "Which of its inputs"},
};
static const weir_option sink_options[] = {
    {"run", WEIR_INTEGER, 0, offsetof(Sink, run), "0", .help = "Number of the harness's run"},
    {"output", WEIR_INTEGER, 0, offsetof(Sink, output), "0", .help = "Which of its outputs"},
};
static const weir_port source_out[] = {{.name = "out", .type = "any"}};
static const weir_port sink_in[] = {{.name = "in", .type = "any"}};

static const weir_class classes[] = {
    {.name = "source",
     .summary = "Rows of a test",
     .out = source_out,
     .n_out = 1,
     .options = source_options,
     .n_options = G_N_ELEMENTS(source_options),
     .state_size = sizeof(Source),
     .schema = source_schema,
     .produce = source_produce},
    {.name = "sink",
     .summary = "Keeps rows for a test",
     .in = sink_in,
     .n_in = 1,
     .options = sink_options,
     .n_options = G_N_ELEMENTS(sink_options),
     .state_size = sizeof(Sink),
     .process = sink_process,
     .end = sink_end},
};

static const weir_plugin plugin = {.magic = WEIR_MAGIC,
                                   .size = sizeof(weir_plugin),
                                   .abi_major = WEIR_ABI_MAJOR,
                                   .abi_minor = WEIR_ABI_MINOR,
                                   .class_size = sizeof(weir_class),
                                   .port_size = sizeof(weir_port),
                                   .option_size = sizeof(weir_option),
                                   .n_classes = G_N_ELEMENTS(classes),
                                   .name = HARNESS_PLUGIN,
                                   .version = PACKAGE_VERSION,
                                   .licence = "MIT",
                                   .vendor = "weir",
                                   .summary = "The two ends of a test",
                                   .classes = classes};

void
harness_stages_init(void)
{
  static gsize once;
  if (!g_once_init_enter(&once))
    return;
  Dl_info info;
  g_autoptr(GError) error = NULL;
  /* The file that the code is in, so that a run can say by what it was made. */
  const char *file = dladdr(&plugin, &info) && info.dli_fname ? info.dli_fname : HARNESS_PLUGIN;
  if (!weir_plugin_add_built_in(&plugin, file, &error))
    g_error("%s", error->message);
  weir_plugin_get_digest(weir_plugin_built_in(HARNESS_PLUGIN)); /* for child processes, too */
  weir_atomic_never_sync();                                     /* the folders of runs go with the harness */
  g_once_init_leave(&once, 1);
}
