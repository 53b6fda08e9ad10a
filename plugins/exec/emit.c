/* SPDX-License-Identifier: MIT */
/* Answers of programs become columns: parsed, checked, put beside those of the record, sent in the order of the input. */
#include "config.h"

#include "map.h"

#include "base/diagnostics.h"
#include "base/quote.h"
#include "base/tree.h"

#include <string.h>

void
exec_pending_free(ExecPending *pending)
{
  weir_batch_release(&pending->batch);
  for (int64_t row = 0; row < pending->n; row++)
    g_free(pending->answers[row].refusal);
  g_free(pending->answers);
  g_free(pending->send);
  g_string_free(pending->text, TRUE);
  g_free(pending);
}

/* What the program says of the record in place of an answer: {"error": "too short"}. */
static const char *
stated_error(const ExecWork *work, const WeirNode *answer)
{
  const WeirNode *error = weir_node_get(answer, "error");
  for (uint32_t i = 0; i < work->map->output.count; i++)
    if (strcmp(work->map->output.keys[i], "error") == 0)
      return NULL;
  return error && weir_node_kind(error) == WEIR_NODE_STRING ? weir_node_string(error) : NULL;
}

/* Why an answer cannot be used; NULL: it can. To free with g_free(). */
static char *
check_answer(const ExecWork *work, const WeirNode *answer)
{
  const struct ArrowSchema *out = weir_output_schema(work->stage, 0);
  if (weir_node_kind(answer) != WEIR_NODE_MAP)
    return g_strdup_printf("the program's answer is %s %s, and an object is wanted",
                           weir_node_kind(answer) == WEIR_NODE_INTEGER ? "an" : "a",
                           weir_node_kind_name(weir_node_kind(answer)));
  const char *error = stated_error(work, answer);
  if (error)
    return g_strdup(*error ? error : "the program says that it cannot use the record");
  for (uint32_t c = 0; c < work->map->n_columns; c++) {
    if (work->map->arrange[c] >= 0)
      continue;
    const struct ArrowSchema *field = out->children[c];
    g_autofree char *why = exec_value_check(field, weir_node_get(answer, field->name));
    if (why)
      return g_strdup_printf("in the program's answer, \"%s\" %s", field->name, why);
  }
  return NULL;
}

/* The answer to a record, or NULL and why there is none. */
static WeirNode *
read_answer(const ExecWork *work, const ExecPending *pending, int64_t row, char **why)
{
  const ExecAnswer *answer = &pending->answers[row];
  const char *line = pending->text->str + answer->at;
  if (answer->refusal) {
    *why = g_strdup(answer->refusal);
    return NULL;
  }
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_json(line, (gssize)answer->size, "answer", diagnostics);
  if (!node) {
    g_autofree char *quoted = weir_quote(line, (gssize)MIN(answer->size, 200));
    g_autofree char *said = weir_diagnostics_to_string(diagnostics, 1);
    *why = answer->size ? g_strdup_printf("the program's answer is no JSON: %s\n  %.*s", quoted,
                                          (int)strcspn(said, "\n"), said)
                        : g_strdup("the program's answer is an empty line");
    return NULL;
  }
  *why = check_answer(work, node);
  return *why ? NULL : g_steal_pointer(&node);
}

typedef struct {
  WeirNode **nodes; /* of the rows that go on */
  int64_t *rows;
  int64_t n;
} Good;

static int
read_answers(ExecWork *work, ExecPending *pending, Good *good)
{
  for (int64_t row = 0; row < pending->n; row++) {
    g_autofree char *why = NULL;
    WeirNode *node = read_answer(work, pending, row, &why);
    if (node) {
      good->nodes[good->n] = node;
      good->rows[good->n++] = row;
    } else if (weir_reject(work->stage, 0, &pending->batch, row, "%s", why)) {
      return -1;
    }
  }
  return 0;
}

static int
send_good(ExecWork *work, ExecPending *pending, const Good *good)
{
  const struct ArrowSchema *out = weir_output_schema(work->stage, 0);
  bool all = good->n == pending->n;
  weir_batch *built = weir_arrange(work->stage, 0, &pending->batch, 0, work->map->arrange,
                                   all ? NULL : good->rows, all ? 0 : good->n);
  if (!built)
    return -1;
  for (uint32_t c = 0, k = 0; c < work->map->n_columns; c++) {
    if (work->map->arrange[c] >= 0)
      continue;
    for (int64_t i = 0; i < good->n; i++)
      exec_value_put(built->columns[k], weir_node_get(good->nodes[i], out->children[c]->name));
    k++;
  }
  return weir_send(built);
}

static int
emit(ExecWork *work, ExecPending *pending)
{
  Good good = {g_new0(WeirNode *, pending->n + 1), g_new0(int64_t, pending->n + 1), 0};
  int result = read_answers(work, pending, &good);
  if (!result && good.n)
    result = send_good(work, pending, &good);
  for (int64_t i = 0; i < good.n; i++)
    weir_node_unref(good.nodes[i]);
  g_free(good.nodes);
  g_free(good.rows);
  return result;
}

int
exec_emit_ready(ExecWork *work)
{
  for (ExecPending *pending;
       (pending = g_queue_peek_head(&work->pending)) && pending->answered == pending->n;) {
    int result = emit(work, pending);
    g_queue_pop_head(&work->pending);
    work->n_waiting -= pending->n;
    work->emitted += (guint64)pending->n;
    work->n_given -= pending->given;
    for (int64_t row = 0; row < pending->n; row++)
      work->n_text -= pending->answers[row].size;
    exec_pending_free(pending);
    weir_progress(work->stage, work->emitted, 0, "records");
    if (result)
      return -1;
  }
  return 0;
}
