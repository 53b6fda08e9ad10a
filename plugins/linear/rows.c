/* SPDX-License-Identifier: MIT */
/* Collects the rows of a table for training. */
#include "rows.h"

#include <math.h>
#include <string.h>

#include "base/quote.h"

enum { TEXT = 0, LABEL = 1, TASK = 2, DENSE = 3 }; /* entries of both inputs */

static void
task_free(gpointer data)
{
  LinearTask *task = data;
  g_free(task->task);
  g_ptr_array_unref(task->labels);
  g_hash_table_unref(task->numbers);
  g_free(task->rows);
  g_free(task);
}

void
linear_tasks_free(LinearTasks *tasks)
{
  if (!tasks)
    return;
  g_ptr_array_unref(tasks->tasks);
  g_hash_table_unref(tasks->numbers);
  g_free(tasks);
}

void
linear_rows_free(LinearRows *rows)
{
  if (!rows)
    return;
  for (guint i = 0; i < rows->batches->len; i++)
    weir_batch_release(&g_array_index(rows->batches, struct ArrowArray, i));
  g_array_unref(rows->batches);
  g_ptr_array_unref(rows->texts);
  g_array_unref(rows->lengths);
  g_array_unref(rows->heads);
  g_array_unref(rows->labels);
  g_array_unref(rows->dense);
  g_free(rows);
}

static LinearRows *
rows_new(void)
{
  LinearRows *rows = g_new0(LinearRows, 1);
  rows->batches = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  rows->texts = g_ptr_array_new();
  rows->lengths = g_array_new(FALSE, FALSE, sizeof(gsize));
  rows->heads = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  rows->labels = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  rows->dense = g_array_new(FALSE, FALSE, sizeof(double));
  return rows;
}

static LinearTasks *
tasks_new(void)
{
  LinearTasks *tasks = g_new0(LinearTasks, 1);
  tasks->tasks = g_ptr_array_new_with_free_func(task_free);
  tasks->numbers = g_hash_table_new(g_str_hash, g_str_equal);
  return tasks;
}

weir_text
linear_name(const weir_column *column, int64_t row, GString *scratch)
{
  if (column->type == WEIR_UTF8)
    return weir_get_text(column, row);
  if (column->type == WEIR_BOOL)
    g_string_assign(scratch, weir_get_bool(column, row) ? "true" : "false");
  else if (column->type == WEIR_U64)
    g_string_printf(scratch, "%" G_GUINT64_FORMAT, (guint64)weir_get_integer(column, row));
  else
    g_string_printf(scratch, "%" G_GINT64_FORMAT, weir_get_integer(column, row));
  return (weir_text){scratch->str, (int64_t)scratch->len};
}

/* The task of a name, made if it is new and `tasks` may grow; NULL otherwise. */
static LinearTask *
find_task(LinearTasks *tasks, const char *name, gboolean grow, guint *number)
{
  gpointer found = NULL;
  if (g_hash_table_lookup_extended(tasks->numbers, name, NULL, &found)) {
    *number = GPOINTER_TO_UINT(found);
    return tasks->tasks->pdata[*number];
  }
  if (!grow)
    return NULL;
  LinearTask *task = g_new0(LinearTask, 1);
  task->task = g_strdup(name);
  task->labels = g_ptr_array_new_with_free_func(g_free);
  task->numbers = g_hash_table_new(g_str_hash, g_str_equal);
  *number = tasks->tasks->len;
  g_ptr_array_add(tasks->tasks, task);
  g_hash_table_insert(tasks->numbers, task->task, GUINT_TO_POINTER(*number));
  return task;
}

static uint32_t
find_label(LinearTask *task, const char *name, gboolean grow)
{
  gpointer found = NULL;
  if (g_hash_table_lookup_extended(task->numbers, name, NULL, &found))
    return GPOINTER_TO_UINT(found);
  if (!grow)
    return LINEAR_NO_LABEL;
  uint32_t number = task->labels->len;
  char *label = g_strdup(name);
  g_ptr_array_add(task->labels, label);
  g_hash_table_insert(task->numbers, label, GUINT_TO_POINTER(number));
  return number;
}

/* The columns of one batch, and room for names. */
typedef struct {
  weir_stage *stage;
  uint32_t port;
  const struct ArrowArray *batch;
  weir_column text, label, task;
  GArray *dense; /* of weir_column */
  GString *label_name, *task_name;
  LinearTasks *tasks;
  gboolean grow;
} Reading;

static void
copy_name(GString *name, weir_text text)
{
  if (text.data != name->str) {
    g_string_truncate(name, 0);
    g_string_append_len(name, text.data, (gssize)text.len);
  }
}

static void
append_dense(LinearRows *rows, const Reading *reading, int64_t row)
{
  for (guint i = 0; i < reading->dense->len; i++) {
    const weir_column *column = &g_array_index(reading->dense, weir_column, i);
    double value = weir_is_null(column, row) ? NAN : weir_get_number(column, row);
    g_array_append_val(rows->dense, value);
  }
}

/* Two names that differ behind a NUL would be one and the same. Whether a row can be used; -1: the run stops. */
static int
check_name(const Reading *reading, const GString *name, int64_t row)
{
  if (!memchr(name->str, 0, name->len))
    return 1;
  g_autofree char *quoted = weir_quote(name->str, (gssize)name->len);
  return weir_reject(reading->stage, reading->port, reading->batch, row,
                     "the name %s of a label or task holds a NUL character", quoted);
}

static int
append_row(LinearRows *rows, Reading *reading, int64_t row)
{
  const gboolean has_task = reading->task.type != WEIR_TYPE_NONE;
  if (weir_is_null(&reading->label, row) || (has_task && weir_is_null(&reading->task, row))) {
    rows->without_label++;
    return 0;
  }
  copy_name(reading->label_name, linear_name(&reading->label, row, reading->label_name));
  if (has_task)
    copy_name(reading->task_name, linear_name(&reading->task, row, reading->task_name));
  if (!reading->label_name->len || (has_task && !reading->task_name->len)) {
    rows->without_label++;
    return 0;
  }
  int usable = check_name(reading, reading->label_name, row);
  if (usable == 1)
    usable = check_name(reading, reading->task_name, row);
  if (usable != 1)
    return usable;
  guint head = 0;
  LinearTask *task = find_task(reading->tasks, reading->task_name->str, reading->grow, &head);
  if (!task) {
    rows->of_unknown_task++;
    return 0;
  }
  uint32_t label = find_label(task, reading->label_name->str, reading->grow);
  rows->of_unknown_label += label == LINEAR_NO_LABEL;
  gboolean is_empty = reading->text.type == WEIR_TYPE_NONE || weir_is_null(&reading->text, row);
  weir_text text = is_empty ? (weir_text){"", 0} : weir_get_text(&reading->text, row);
  gsize length = (gsize)text.len;
  rows->with_text += length > 0;
  g_ptr_array_add(rows->texts, (gpointer)text.data);
  g_array_append_val(rows->lengths, length);
  g_array_append_val(rows->heads, head);
  g_array_append_val(rows->labels, label);
  append_dense(rows, reading, row);
  return 0;
}

static int
read_batch(weir_stage *stage, uint32_t port, uint64_t index, LinearRows *rows, Reading *reading)
{
  struct ArrowArray batch;
  if (weir_table_batch(stage, port, index, &batch))
    return -1;
  reading->batch = &batch;
  reading->text = weir_input(stage, port, &batch, TEXT);
  reading->label = weir_input(stage, port, &batch, LABEL);
  reading->task = weir_input(stage, port, &batch, TASK);
  g_array_set_size(reading->dense, 0);
  for (uint32_t item = 0; item < ((const TrainState *)stage->state)->dense.count; item++) {
    weir_column column =
        weir_batch_column(weir_input_schema(stage, port), &batch, weir_input_index(stage, port, DENSE, item));
    g_array_append_val(reading->dense, column);
  }
  int failed = 0;
  for (int64_t row = 0; !failed && row < batch.length; row++)
    failed = append_row(rows, reading, row);
  reading->batch = NULL;
  g_array_append_val(rows->batches, batch);
  return failed;
}

/* Numbers that follow from the order of names, not of rows, so that a label has the same number in every run. */
static int
compare_names(const void *left, const void *right)
{
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static uint32_t *
sort_labels(LinearTask *task)
{
  uint32_t *moved = g_new(uint32_t, task->labels->len + 1);
  g_autofree char **old = g_memdup2(task->labels->pdata, task->labels->len * sizeof(char *));
  g_ptr_array_sort(task->labels, compare_names);
  for (guint k = 0; k < task->labels->len; k++)
    g_hash_table_insert(task->numbers, task->labels->pdata[k], GUINT_TO_POINTER(k));
  for (guint k = 0; k < task->labels->len; k++)
    moved[k] = GPOINTER_TO_UINT(g_hash_table_lookup(task->numbers, old[k]));
  return moved;
}

static int
compare_tasks(const void *left, const void *right)
{
  return strcmp((*(LinearTask *const *)left)->task, (*(LinearTask *const *)right)->task);
}

static void
sort_tasks(LinearTasks *tasks, LinearRows *rows)
{
  const guint n = tasks->tasks->len;
  g_autofree LinearTask **old = g_memdup2(tasks->tasks->pdata, n * sizeof *old);
  g_autofree uint32_t *moved = g_new(uint32_t, n + 1);
  g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_sort(tasks->tasks, compare_tasks);
  for (guint h = 0; h < n; h++)
    g_hash_table_insert(tasks->numbers, ((LinearTask *)tasks->tasks->pdata[h])->task, GUINT_TO_POINTER(h));
  for (guint h = 0; h < n; h++) {
    moved[h] = GPOINTER_TO_UINT(g_hash_table_lookup(tasks->numbers, old[h]->task));
    g_ptr_array_add(labels, sort_labels(old[h]));
    old[h]->rows = g_new0(guint64, old[h]->labels->len + 1);
  }
  for (guint i = 0; i < rows->heads->len; i++) {
    uint32_t *head = &g_array_index(rows->heads, uint32_t, i),
             *label = &g_array_index(rows->labels, uint32_t, i);
    *label = ((uint32_t *)labels->pdata[*head])[*label];
    old[*head]->rows[*label]++;
    *head = moved[*head];
  }
}

LinearRows *
linear_rows_read(weir_stage *stage, uint32_t port, LinearTasks **tasks)
{
  g_autoptr(LinearRows) rows = rows_new();
  const gboolean grow = *tasks == NULL;
  if (grow)
    *tasks = tasks_new();
  Reading reading = {.stage = stage,
                     .port = port,
                     .dense = g_array_new(FALSE, FALSE, sizeof(weir_column)),
                     .label_name = g_string_new(NULL),
                     .task_name = g_string_new(NULL),
                     .tasks = *tasks,
                     .grow = grow};
  int failed = 0;
  for (uint64_t i = 0; !failed && i < weir_table_batches(stage, port); i++)
    failed = read_batch(stage, port, i, rows, &reading);
  g_array_unref(reading.dense);
  g_string_free(reading.label_name, TRUE);
  g_string_free(reading.task_name, TRUE);
  if (failed)
    return NULL;
  if (grow)
    sort_tasks(*tasks, rows);
  return g_steal_pointer(&rows);
}
