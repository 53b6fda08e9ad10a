/* SPDX-License-Identifier: MIT */
/* Labels and tasks by their names, counted, then sorted. */
#include "labels.h"

#include <string.h>

static LabelName
name_of(const char *text, gsize size)
{
  LabelName name = {g_malloc(size + 1), size};
  if (size)
    memcpy(name.text, text, size);
  name.text[size] = '\0';
  return name;
}

/* None comes first. */
static int
compare_names(const LabelName *a, const LabelName *b)
{
  if (!a->text || !b->text)
    return (a->text != NULL) - (b->text != NULL);
  int order = memcmp(a->text, b->text, MIN(a->size, b->size));
  return order ? order : (a->size > b->size) - (a->size < b->size);
}

static void
label_free(gpointer data)
{
  LabelCount *label = data;
  g_free(label->task.text);
  g_free(label->label.text);
  g_free(label);
}

static void
task_free(gpointer data)
{
  LabelTask *task = data;
  g_free(task->name.text);
  g_free(task);
}

static guint
key_hash(gconstpointer data)
{
  const GString *key = data;
  guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325); /* FNV-1a */
  for (gsize i = 0; i < key->len; i++)
    hash = (hash ^ (guint8)key->str[i]) * G_GUINT64_CONSTANT(0x100000001b3);
  return (guint)(hash ^ (hash >> 32));
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
  return g_string_equal(a, b);
}

static void
key_free(gpointer data)
{
  g_string_free(data, TRUE);
}

LabelCounts *
label_counts_new(void)
{
  LabelCounts *counts = g_new0(LabelCounts, 1);
  counts->labels = g_ptr_array_new_with_free_func(label_free);
  counts->tasks = g_ptr_array_new_with_free_func(task_free);
  counts->numbers = g_hash_table_new_full(key_hash, key_equal, key_free, NULL);
  counts->key = g_string_new(NULL);
  return counts;
}

void
label_counts_free(LabelCounts *counts)
{
  if (!counts)
    return;
  g_ptr_array_unref(counts->labels);
  g_ptr_array_unref(counts->tasks);
  g_hash_table_unref(counts->numbers);
  g_string_free(counts->key, TRUE);
  g_free(counts);
}

/* The number of a name under a number: G_MAXUINT32 for tasks. `next` for a new one, which *is_new says. */
static guint
number_of(LabelCounts *counts, guint32 under, weir_text name, guint next, gboolean *is_new)
{
  g_string_truncate(counts->key, 0);
  g_string_append_len(counts->key, (const char *)&under, sizeof under);
  g_string_append_len(counts->key, name.data, (gssize)name.len);
  guint number = GPOINTER_TO_UINT(g_hash_table_lookup(counts->numbers, counts->key));
  *is_new = number == 0;
  if (number)
    return number - 1;
  g_hash_table_insert(counts->numbers, g_string_new_len(counts->key->str, (gssize)counts->key->len),
                      GUINT_TO_POINTER(next + 1));
  return next;
}

guint
label_counts_task(LabelCounts *counts, const weir_text *task)
{
  gboolean is_new;
  guint number = number_of(counts, task ? G_MAXUINT32 : G_MAXUINT32 - 1, task ? *task : (weir_text){"", 0},
                           counts->tasks->len, &is_new);
  if (is_new) {
    LabelTask *made = g_new0(LabelTask, 1);
    if (task)
      made->name = name_of(task->data, (gsize)task->len);
    g_ptr_array_add(counts->tasks, made);
  }
  return number;
}

guint
label_counts_label(LabelCounts *counts, guint task, weir_text label)
{
  gboolean is_new;
  guint number = number_of(counts, task, label, counts->labels->len, &is_new);
  if (is_new) {
    LabelCount *made = g_new0(LabelCount, 1);
    const LabelName *of = &label_counts_task_at(counts, task)->name;
    if (of->text)
      made->task = name_of(of->text, of->size);
    made->label = name_of(label.data, (gsize)label.len);
    g_ptr_array_add(counts->labels, made);
  }
  return number;
}

static weir_text
text_of(const LabelName *name)
{
  return (weir_text){name->text ? name->text : "", (int64_t)name->size};
}

static int
compare_labels(gconstpointer a, gconstpointer b)
{
  const LabelCount *x = *(LabelCount *const *)a;
  const LabelCount *y = *(LabelCount *const *)b;
  int order = compare_names(&x->task, &y->task);
  return order ? order : compare_names(&x->label, &y->label);
}

static int
compare_tasks(gconstpointer a, gconstpointer b)
{
  const LabelTask *x = *(LabelTask *const *)a;
  const LabelTask *y = *(LabelTask *const *)b;
  return compare_names(&x->name, &y->name);
}

void
label_counts_sort(LabelCounts *counts)
{
  guint at = 0;
  g_ptr_array_sort(counts->labels, compare_labels);
  g_ptr_array_sort(counts->tasks, compare_tasks);
  g_hash_table_remove_all(counts->numbers);
  for (guint t = 0; t < counts->tasks->len; t++) {
    LabelTask *task = label_counts_task_at(counts, t);
    gboolean is_new;
    number_of(counts, task->name.text ? G_MAXUINT32 : G_MAXUINT32 - 1, text_of(&task->name), t, &is_new);
    task->first = at;
    for (; at < counts->labels->len && !compare_names(&label_counts_at(counts, at)->task, &task->name); at++)
      number_of(counts, t, text_of(&label_counts_at(counts, at)->label), at, &is_new);
    task->n = at - task->first;
  }
}
