/* SPDX-License-Identifier: MIT */
/* The checks of the conformance kit that break something on purpose: options, the host, memory, the run itself. */
#include "config.h"

#include "harness/interpose.h"
#include "harness/verify.h"

#include "core/option_value.h"
#include <malloc.h>
#include <string.h>

#define POINTS 24 /* of many calls, how many are tried */

static const weir_harness_cut whole = {.batch_rows = 0};
static const weir_harness_cut some = {.batch_rows = 5, .jobs = 2};

/* ---- Options at their edges ----------------------------------------------------------------------------- */

static WeirPosition
nowhere(void)
{
  return weir_position("verify", 0, 0);
}

static void
add_texts(GPtrArray *values)
{
  static const char *const texts[] = {"", " ", "é\u0301\u200b", "%s%n", "a\nb", "-1"};
  g_autofree char *long_text = g_strnfill(10000, 'x');
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_ptr_array_add(values, weir_node_new_string(nowhere(), texts[i]));
  g_ptr_array_add(values, weir_node_new_string(nowhere(), long_text));
}

static void
add_collections(GPtrArray *values, const weir_option *option)
{
  gboolean numbers = option->type == WEIR_NUMBER_LIST || option->type == WEIR_NUMBER_MAP;
  gboolean is_map = weir_option_is_map(option->type);
  for (guint n = 0; n <= 300; n = n * 16 + (n == 0)) {
    WeirNode *whole_value = is_map ? weir_node_new_map(nowhere()) : weir_node_new_list(nowhere());
    for (guint i = 0; i < n; i++) {
      g_autofree char *name = g_strdup_printf("name%u", i);
      WeirNode *item =
          numbers ? weir_node_new_number(nowhere(), option->min) : weir_node_new_string(nowhere(), name);
      if (is_map)
        weir_node_set(whole_value, name, nowhere(), item);
      else
        weir_node_append(whole_value, item);
    }
    g_ptr_array_add(values, whole_value);
  }
}

/* What is within an option's row, at its edges. What would take for ever, or leads anywhere, is left out. */
static GPtrArray *
edge_values(const weir_option *option)
{
  GPtrArray *values = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  g_auto(GStrv) choices = option->type == WEIR_CHOICE ? weir_option_choices(option) : NULL;
  switch ((weir_option_type)option->type) {
  case WEIR_STRING:
  case WEIR_FIELD:
    add_texts(values);
    break;
  case WEIR_INTEGER:
  case WEIR_SIZE:
    g_ptr_array_add(values, weir_node_new_integer(nowhere(), (gint64)option->min));
    if (option->max > option->min && option->max <= 1000)
      g_ptr_array_add(values, weir_node_new_integer(nowhere(), (gint64)option->max));
    if (option->min == 0 && option->max == 0 && option->type == WEIR_INTEGER)
      g_ptr_array_add(values, weir_node_new_integer(nowhere(), -1));
    break;
  case WEIR_NUMBER:
    g_ptr_array_add(values, weir_node_new_number(nowhere(), option->min));
    g_ptr_array_add(values, weir_node_new_number(nowhere(), option->max));
    break;
  case WEIR_BOOLEAN:
    g_ptr_array_add(values, weir_node_new_boolean(nowhere(), FALSE));
    g_ptr_array_add(values, weir_node_new_boolean(nowhere(), TRUE));
    break;
  case WEIR_CHOICE:
    for (guint i = 0; choices[i]; i++)
      g_ptr_array_add(values, weir_node_new_string(nowhere(), choices[i]));
    break;
  case WEIR_STRING_LIST:
  case WEIR_NUMBER_LIST:
  case WEIR_STRING_MAP:
  case WEIR_NUMBER_MAP:
  case WEIR_FIELD_LIST:
    add_collections(values, option);
    break;
  default:
    break;
  }
  return values;
}

/* The harness's options with one changed. Takes `value`; NULL takes the option out. */
static void
set_option(weir_harness *h, const WeirNode *before, const char *name, WeirNode *value)
{
  WeirNode *options = before ? weir_node_copy(before) : weir_node_new_map(nowhere());
  if (value)
    weir_node_set(options, name, nowhere(), value);
  else
    weir_node_remove(options, name);
  g_clear_pointer(&h->options, weir_node_unref);
  h->options = options;
  h->fresh = FALSE;
}

static void
try_option(Verify *v, weir_harness *h, const WeirNode *before, const weir_option *option, WeirNode *value)
{
  g_autofree char *json = weir_node_to_json(value, FALSE);
  verify_at(v, "option \"%s\": %.60s", option->name, json);
  set_option(h, before, option->name, weir_node_ref(value));
  verify_run(v, h, &whole);
}

/* What the option's row does not allow never comes to the stage. */
static void
try_wrong(Verify *v, weir_harness *h, const WeirNode *before, const weir_option *option)
{
  WeirNode *wrong = weir_node_new_boolean(nowhere(), TRUE);
  if (option->type == WEIR_BOOLEAN || weir_option_is_list(option->type)) {
    weir_node_unref(wrong);
    wrong = weir_node_new_map(nowhere());
  }
  verify_at(v, "option \"%s\" of a wrong type", option->name);
  set_option(h, before, option->name, wrong);
  verify_run(v, h, &whole);
  if (verify_result(h)->code != WEIR_EXIT_INVALID)
    verify_fail(v, NULL, "option \"%s\" of a wrong type was not refused", option->name);
  if (!(option->flags & WEIR_OPTION_REQUIRED) || v->failed)
    return;
  verify_at(v, "without option \"%s\", which is required", option->name);
  set_option(h, before, option->name, NULL);
  verify_run(v, h, &whole);
  if (verify_result(h)->code != WEIR_EXIT_INVALID)
    verify_fail(v, NULL, "that option \"%s\" is missing was not refused", option->name);
}

void
verify_options(Verify *v)
{
  guint n = 0;
  weir_harness *h = v->class->n_options ? verify_setup_that_runs(v) : NULL;
  if (v->class->n_options == 0)
    verify_skip(v, "it has no options");
  if (!h)
    return;
  g_autoptr(WeirNode) before = h->options ? weir_node_ref(h->options) : NULL;
  weir_harness_patience(
      h, MIN(v->seconds, 5)); /* an option may make it slow; then it has to be cancelled well */
  for (guint i = 0; i < v->class->n_options && !v->failed; i++) {
    const weir_option *option = &v->class->options[i];
    g_autoptr(GPtrArray) values = edge_values(option);
    for (guint k = 0; k < values->len && !v->failed; k++, n++)
      try_option(v, h, before, option, values->pdata[k]);
    if (!v->failed && option->type != WEIR_SECRET)
      try_wrong(v, h, before, option);
  }
  verify_note(v, "%u values", n);
  weir_harness_free(h);
}

/* ---- Calls that fail ------------------------------------------------------------------------------------ */

/* The plugin's own memory that a run with a fault leaves behind, twice. */
static guint64
left_behind(Verify *v, weir_harness *h)
{
  guint64 before, after = 0, least = G_MAXUINT64;
  for (guint i = 0; i < 2 && !v->failed; i++) {
    harness_interpose_live(&before);
    verify_run(v, h, &some);
    harness_interpose_live(&after);
    least = MIN(least, after > before ? after - before : 0);
    if (least == 0)
      break;
  }
  return v->failed ? 0 : least;
}

static void
try_fault(Verify *v, weir_harness *h, weir_harness_fault fault, const char *what, guint64 nth)
{
  verify_at(v, "%s, call %" G_GUINT64_FORMAT, what, nth);
  weir_harness_fail_at(h, fault, nth);
  guint64 bytes = left_behind(v, h);
  if (bytes && !v->failed)
    verify_fail(v, NULL,
                "%" G_GUINT64_FORMAT
                " bytes of its memory are not given back after %s, call %" G_GUINT64_FORMAT,
                bytes, what, nth);
}

/* Every call of a kind, or some of them: the first ones, the last, and others between. */
static guint
try_calls(Verify *v, weir_harness *h, weir_harness_fault fault, const char *what, guint64 calls)
{
  guint n = 0;
  for (guint64 nth = 1; nth <= calls && !v->failed; n++) {
    try_fault(v, h, fault, what, nth);
    guint64 step = calls <= POINTS || nth < POINTS / 2 ? 1 : MAX(1, (calls - POINTS / 2) / (POINTS / 2));
    nth = nth < calls ? MIN(nth + step, calls) : nth + 1;
  }
  weir_harness_fail_at(h, WEIR_FAULT_NONE, 0);
  return n;
}

static guint64
calls_of(Verify *v, weir_harness *h, weir_harness_fault fault)
{
  weir_harness_fail_at(h, WEIR_FAULT_NONE, 0);
  verify_run(v, h, &some);
  return verify_result(h)->calls[fault];
}

void
verify_cancel(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  harness_interpose(v->file);
  weir_harness_patience(h, MIN(v->seconds, 10));
  guint64 calls = calls_of(v, h, WEIR_FAULT_CANCEL);
  guint n = try_calls(v, h, WEIR_FAULT_CANCEL, "cancelled", calls);
  verify_note(v, "%u of %" G_GUINT64_FORMAT " points", n, calls);
  weir_harness_free(h);
}

void
verify_host_failures(Verify *v)
{
  static const struct {
    weir_harness_fault fault;
    const char *what;
  } kinds[] = {{WEIR_FAULT_EMIT, "an emit that fails"},
               {WEIR_FAULT_ALLOC, "an allocation of the host that fails"},
               {WEIR_FAULT_RESERVE, "a reserve that is refused"},
               {WEIR_FAULT_TABLE, "a table that cannot be read"},
               {WEIR_FAULT_FILES, "a folder or file of the host that fails"}};
  guint n = 0;
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  harness_interpose(v->file);
  for (guint i = 0; i < G_N_ELEMENTS(kinds) && !v->failed; i++)
    n += try_calls(v, h, kinds[i].fault, kinds[i].what, calls_of(v, h, kinds[i].fault));
  if (n == 0 && !v->failed)
    verify_skip(v, "it calls nothing that can fail");
  else
    verify_note(v, "%u calls", n);
  weir_harness_free(h);
}

void
verify_malloc(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  guint found = harness_interpose(v->file);
  guint64 before = harness_interpose_calls();
  verify_run(v, h, &some);
  guint64 calls = harness_interpose_calls() - before, step = MAX(1, calls / POINTS);
  if (calls == 0)
    verify_skip(v, found ? "it asks for no memory of its own in a run" : "it calls no malloc() itself");
  else
    verify_note(v, "%" G_GUINT64_FORMAT " calls", calls);
  for (guint64 nth = 1; nth <= calls && !v->failed; nth += step) {
    verify_at(v, "malloc() number %" G_GUINT64_FORMAT " fails", nth);
    harness_interpose_fail(nth);
    verify_run(v, h, &some);
    harness_interpose_fail(0);
  }
  weir_harness_free(h);
}

/* ---- Leaks ---------------------------------------------------------------------------------------------- */

static guint64
in_use(void)
{
#ifdef __GLIBC__
  struct mallinfo2 info = mallinfo2();
  return (guint64)info.uordblks + (guint64)info.hblkhd;
#else
  return 0;
#endif
}

/* Bytes that `runs` runs leave behind. */
static gint64
growth(Verify *v, weir_harness *h, guint runs, guint64 (*measure)(void))
{
  harness_begin_anew(h);
  guint64 before = measure();
  for (guint i = 0; i < runs && !v->failed; i++) {
    verify_run(v, h, &whole);
    harness_begin_anew(h);
  }
  return (gint64)(measure() - before);
}

static guint64
own_bytes(void)
{
  guint64 bytes;
  harness_interpose_live(&bytes);
  return bytes;
}

/* What the libraries that it uses have taken for it shows only in the sum of all memory, which the threads of a run make
   go up and down: so it has to grow twice. */
static void
check_all_memory(Verify *v, weir_harness *h)
{
  const char *tunables = g_getenv("GLIBC_TUNABLES");
  /* Without the caches that glibc keeps for each thread, memory in use is nearly the same after each run. */
  gboolean exact = tunables && strstr(tunables, "tcache_count=0");
  const gint64 runs = 20, noise = exact ? 250 : 4000;
  gint64 first = growth(v, h, (guint)runs, in_use);
  gint64 second = !v->failed && first > runs * noise ? growth(v, h, (guint)runs, in_use) : 0;
  if (second > runs * noise)
    verify_fail(v, NULL, "each run leaves about %" G_GINT64_FORMAT " more bytes in use",
                MIN(first, second) / runs);
}

void
verify_leaks(Verify *v)
{
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1); /* mallinfo2() sees one arena only */
#endif
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  guint found = harness_interpose(v->file);
  weir_harness_cuts(h, &whole, 1);
  for (guint i = 0; i < 6; i++) { /* what is made once for the process is there by now */
    harness_begin_anew(h);
    verify_run(v, h, &whole);
  }
  verify_at(v, "memory after each run");
  gint64 own = found ? growth(v, h, 2, own_bytes) : 0;
  if (own > 0)
    verify_fail(v, NULL, "each run leaves %" G_GINT64_FORMAT " bytes that it took and did not give back",
                own / 2);
  if (!v->failed)
    check_all_memory(v, h);
  weir_harness_free(h);
}
