/* SPDX-License-Identifier: MIT */
/* Contract rule W17: each way in which a descriptor can be unsound is refused, by a text that says which. */
#include "core/loader.h"
#include <string.h>

typedef struct {
  const char *field;
  int64_t count;
  weir_map ratios;
} State;

/* A sound plugin, in one piece, so that a test can change any of it. */
typedef struct {
  weir_option options[3];
  weir_port in[2], out[2];
  weir_class classes[2];
  weir_plugin plugin;
} Sample;

static int
process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  return weir_emit(stage, port, batch);
}

static int
produce(weir_stage *stage)
{
  return stage ? WEIR_END : -1;
}

static void
sample_init(Sample *s)
{
  memset(s, 0, sizeof *s);
  s->options[0] =
      (weir_option){"field", WEIR_FIELD, 0, offsetof(State, field), "text", .help = "Column to look at"};
  s->options[1] =
      (weir_option){"count", WEIR_INTEGER, 0, offsetof(State, count), "3", 1, 10, .help = "How many"};
  s->options[2] =
      (weir_option){"ratios", WEIR_NUMBER_MAP, 0, offsetof(State, ratios), .help = "Names the outputs"};
  s->in[0] = (weir_port){.name = "in", .type = "${field}:utf8, *"};
  s->in[1] = (weir_port){.name = "model", .type = WEIR_ARTIFACT, .flags = WEIR_PORT_TABLE};
  s->out[0] = (weir_port){.name = "out", .type = "=in, +score:f64"};
  s->out[1] = (weir_port){.names = "ratios", .type = "=in"};
  s->classes[0] = (weir_class){.name = "score",
                               .summary = "Score rows",
                               .help = "One.\n\nTwo.",
                               .in = s->in,
                               .n_in = 2,
                               .out = s->out,
                               .n_out = 2,
                               .options = s->options,
                               .n_options = 3,
                               .state_size = sizeof(State),
                               .process = process,
                               .produce = produce};
  s->classes[1] =
      (weir_class){.name = "source", .summary = "Make rows", .out = s->out, .n_out = 0, .produce = produce};
  s->plugin = (weir_plugin){WEIR_MAGIC,
                            sizeof(weir_plugin),
                            WEIR_ABI_MAJOR,
                            WEIR_ABI_MINOR,
                            sizeof(weir_class),
                            sizeof(weir_port),
                            sizeof(weir_option),
                            2,
                            "sample",
                            "1.0",
                            "MIT",
                            "weir",
                            "A sample",
                            s->classes};
}

/* The copies of what was adopted live as long as the process; this keeps them in sight. */
static const weir_plugin *volatile kept[8];
static guint n_kept;

static const weir_plugin *
adopt(const Sample *s, GError **error)
{
  const weir_plugin *plugin = weir_descriptor_adopt(&s->plugin, "/plugins/sample.so", error);
  if (plugin)
    kept[n_kept++] = plugin;
  return plugin;
}

static void
test_sound(void)
{
  g_autoptr(GError) error = NULL;
  const weir_plugin *plugin;
  Sample s;
  sample_init(&s);
  plugin = adopt(&s, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(plugin->n_classes, ==, 2);
  g_assert_cmpstr(plugin->classes[0].out[1].names, ==, "ratios");
  g_assert_cmpstr(plugin->classes[0].options[1].name, ==, "count");
  g_assert_true(plugin->classes[0].process == process);
  s.options[1].name = "how_many"; /* options and ports may have it */
  s.in[1].name = "the_model";
  g_assert_nonnull(adopt(&s, &error));
  g_assert_no_error(error);
}

/* A plugin of a later minor of the same major may have longer rows; what stands behind ours is not looked at. */
static void
test_longer_rows(void)
{
  g_autoptr(GError) error = NULL;
  struct {
    weir_class class;
    guint64 more[2];
  } classes[2];
  struct {
    weir_port port;
    guint64 more;
  } in[2];
  const weir_plugin *plugin;
  Sample s;
  sample_init(&s);
  memset(classes, 0x55, sizeof classes);
  memset(in, 0x55, sizeof in);
  for (guint i = 0; i < 2; i++) {
    in[i].port = s.in[i];
    classes[i].class = s.classes[i];
  }
  classes[0].class.in = &in[0].port;
  classes[1].class.in = &in[0].port;
  s.plugin.classes = &classes[0].class;
  s.plugin.class_size = sizeof classes[0];
  s.plugin.port_size = sizeof in[0];
  classes[0].class.n_out = 0; /* its table has rows of the usual size */
  plugin = adopt(&s, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(plugin->classes[1].name, ==, "source");
  g_assert_cmpstr(plugin->classes[0].in[1].name, ==, "model");
}

/* ---- What is unsound ------------------------------------------------------------------------------------
 */

#define CHANGE(name, statement) \
  static void name(Sample *s)   \
  {                             \
    statement;                  \
  }
CHANGE(bad_magic, s->plugin.magic ^= 1)
CHANGE(other_major, s->plugin.abi_major = WEIR_ABI_MAJOR + 1)
CHANGE(newer_minor, s->plugin.abi_minor = WEIR_ABI_MINOR + 1)
CHANGE(no_size, s->plugin.size = 0)
CHANGE(huge_size, s->plugin.size = 1u << 30)
CHANGE(short_class, s->plugin.class_size -= 8)
CHANGE(odd_class, s->plugin.class_size += 3)
CHANGE(short_port, s->plugin.port_size = 0)
CHANGE(huge_option, s->plugin.option_size = 65536)
CHANGE(no_classes, s->plugin.n_classes = 0)
CHANGE(many_classes, s->plugin.n_classes = 1000000)
CHANGE(null_classes, s->plugin.classes = NULL)
CHANGE(no_plugin_name, s->plugin.name = NULL)
CHANGE(bad_plugin_name, s->plugin.name = "Sample")
CHANGE(path_name, s->plugin.name = "../sample")
CHANGE(no_version, s->plugin.version = NULL)
CHANGE(empty_version, s->plugin.version = "")
CHANGE(no_licence, s->plugin.licence = NULL)
CHANGE(bad_utf8, s->plugin.summary = "caf\xe9")
CHANGE(no_class_name, s->classes[0].name = NULL)
CHANGE(same_class_name, s->classes[1].name = "score")
CHANGE(no_summary, s->classes[0].summary = NULL)
CHANGE(two_lines, s->classes[0].summary = "Score\nrows")
CHANGE(bad_threads, s->classes[0].threads = 7)
CHANGE(bad_flags, s->classes[0].flags = 64)
CHANGE(bad_reserved, s->classes[0].reserved = 1)
CHANGE(huge_state, s->classes[0].state_size = (gsize)1 << 40)
CHANGE(many_ports, s->classes[0].n_in = 1000000)
CHANGE(null_ports, s->classes[0].in = NULL)
CHANGE(null_options, s->classes[0].options = NULL)
CHANGE(no_port_name, s->in[0].name = NULL)
CHANGE(bad_port_name, s->in[0].name = "In 1")
CHANGE(same_port_name, s->in[1].name = "in")
CHANGE(two_names, s->out[1].name = "rest")
CHANGE(names_first, s->out[0].names = "ratios"; s->out[0].name = NULL)
CHANGE(unknown_names, s->out[1].names = "ratio")
CHANGE(scalar_names, s->out[1].names = "count")
CHANGE(output_table, s->out[0].flags = WEIR_PORT_TABLE)
CHANGE(input_required, s->in[0].flags = WEIR_PORT_REQUIRED)
CHANGE(no_type, s->in[0].type = NULL)
CHANGE(bad_type, s->in[0].type = "text:utf9")
CHANGE(unknown_base, s->out[0].type = "=inn, +score:f64")
CHANGE(input_base, s->in[0].type = "=model")
CHANGE(unknown_field, s->in[0].type = "${fields}:utf8")
CHANGE(no_field, s->in[0].type = "${count}:utf8")
CHANGE(no_option_name, s->options[0].name = NULL)
CHANGE(same_option_name, s->options[1].name = "field")
CHANGE(bad_option_type, s->options[1].type = 99)
CHANGE(offset_outside, s->options[1].offset = sizeof(State))
CHANGE(offset_huge, s->options[1].offset = (gsize)-4)
CHANGE(offset_unaligned, s->options[1].offset = offsetof(State, count) + 1)
CHANGE(offset_shared, s->options[1].offset = offsetof(State, field))
CHANGE(default_text, s->options[1].by_default = "three")
CHANGE(default_outside, s->options[1].by_default = "11")
CHANGE(no_choices, s->options[1].type = WEIR_CHOICE)
CHANGE(no_process, s->classes[0].process = NULL)
CHANGE(no_produce, s->classes[1].produce = NULL)
CHANGE(table_no_produce, s->classes[0].produce = NULL)
CHANGE(stream_produce, s->classes[0].n_in = 1)
CHANGE(source_process, s->classes[1].process = process)

static const struct {
  const char *name;
  void (*change)(Sample *);
  const char *expected;
} cases[] = {
    {"bad-magic", bad_magic, "magic number"},
    {"other-major", other_major, "build it again for this host"},
    {"newer-minor", newer_minor, "build it again for this host"},
    {"no-size", no_size, "struct weir_plugin has 0 bytes"},
    {"huge-size", huge_size, "struct weir_plugin has"},
    {"short-class", short_class, "struct weir_class has"},
    {"odd-class", odd_class, "struct weir_class has"},
    {"short-port", short_port, "struct weir_port has 0 bytes"},
    {"huge-option", huge_option, "struct weir_option has 65536 bytes"},
    {"no-classes", no_classes, "0 stage classes"},
    {"many-classes", many_classes, "1000000 stage classes"},
    {"null-classes", null_classes, "table of classes"},
    {"no-plugin-name", no_plugin_name, "its name is missing"},
    {"bad-plugin-name", bad_plugin_name, "its name is \"Sample\""},
    {"path-name", path_name, "its name is"},
    {"no-version", no_version, "its version is missing"},
    {"empty-version", empty_version, "its version is empty"},
    {"no-licence", no_licence, "its licence is missing"},
    {"bad-utf8", bad_utf8, "no valid UTF-8"},
    {"no-class-name", no_class_name, "the name of a class is missing"},
    {"same-class-name", same_class_name, "two classes are named \"score\""},
    {"no-summary", no_summary, "class \"score\": its summary is missing"},
    {"two-lines", two_lines, "line break"},
    {"bad-threads", bad_threads, "thread model is 7"},
    {"bad-flags", bad_flags, "flags"},
    {"bad-reserved", bad_reserved, "flags"},
    {"huge-state", huge_state, "its state has"},
    {"many-ports", many_ports, "1000000 inputs"},
    {"null-ports", null_ports, "table of inputs"},
    {"null-options", null_options, "table of options"},
    {"no-port-name", no_port_name, "the name of input 1 is missing"},
    {"bad-port-name", bad_port_name, "the name of input 1 is \"In 1\""},
    {"same-port-name", same_port_name, "two inputs are named \"in\""},
    {"two-names", two_names, "both a name and names"},
    {"names-first", names_first, "do not stand last"},
    {"unknown-names", unknown_names, "\"ratio\""},
    {"scalar-names", scalar_names, "\"count\""},
    {"output-table", output_table, "flags that are not for outputs"},
    {"input-required", input_required, "flags that are not for inputs"},
    {"no-type", no_type, "the type of input 1 is missing"},
    {"bad-type", bad_type, "utf9"},
    {"unknown-base", unknown_base, "\"inn\""},
    {"input-base", input_base, "input \"in\""},
    {"unknown-field", unknown_field, "\"fields\""},
    {"no-field", no_field, "\"count\", which names no column"},
    {"no-option-name", no_option_name, "the name of an option is missing"},
    {"same-option-name", same_option_name, "field"},
    {"bad-option-type", bad_option_type, "count"},
    {"offset-outside", offset_outside, "count"},
    {"offset-huge", offset_huge, "count"},
    {"offset-unaligned", offset_unaligned, "count"},
    {"offset-shared", offset_shared, "count"},
    {"default-text", default_text, "count"},
    {"default-outside", default_outside, "count"},
    {"no-choices", no_choices, "count"},
    {"no-process", no_process, "no process()"},
    {"no-produce", no_produce, "class \"source\": it has no stream input, and no produce()"},
    {"table-no-produce", table_no_produce, "table input, but no produce()"},
    {"stream-produce", stream_produce, "it has produce()"},
    {"source-process", source_process, "it has process(), but no stream input"},
};

static void
test_unsound(gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autoptr(GError) error = NULL;
  Sample s;
  sample_init(&s);
  cases[i].change(&s);
  g_assert_null(adopt(&s, &error));
  g_assert_nonnull(error);
  if (!strstr(error->message, "W17") || !strstr(error->message, "/plugins/sample.so") ||
      !strstr(error->message, cases[i].expected))
    g_error("%s: wanted \"%s\", got: %s", cases[i].name, cases[i].expected, error->message);
}

/* Pointers of a descriptor that lies in a loaded object have to lead into loaded objects. */
static Sample in_program;

static void
test_wild_pointers(void)
{
  g_autoptr(GError) error = NULL;
  static char no_end[8192];
  sample_init(&in_program);
  g_assert_nonnull(adopt(&in_program, &error));
  in_program.classes[0].summary = GUINT_TO_POINTER(0x1234);
  g_assert_null(adopt(&in_program, &error));
  g_assert_nonnull(strstr(error->message, "its summary lies outside"));
  g_clear_error(&error);
  memset(no_end, 'x', sizeof no_end);
  in_program.classes[0].summary = no_end;
  g_assert_null(adopt(&in_program, &error));
  g_assert_nonnull(strstr(error->message, "its summary lies outside"));
  g_clear_error(&error);
  sample_init(&in_program);
  in_program.classes[0].in = GUINT_TO_POINTER(0x1230);
  g_assert_null(adopt(&in_program, &error));
  g_assert_nonnull(strstr(error->message, "table of inputs lies outside"));
  g_clear_error(&error);
  sample_init(&in_program);
  *(gpointer *)&in_program.classes[0].process = &in_program;
  g_assert_null(adopt(&in_program, &error));
  g_assert_nonnull(strstr(error->message, "process() is no code"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/descriptor/sound", test_sound);
  g_test_add_func("/descriptor/longer-rows", test_longer_rows);
  g_test_add_func("/descriptor/wild-pointers", test_wild_pointers);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strconcat("/descriptor/unsound/", cases[i].name, NULL);
    g_test_add_data_func(path, GUINT_TO_POINTER(i), test_unsound);
  }
  return g_test_run();
}
