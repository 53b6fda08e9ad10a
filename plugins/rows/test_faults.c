/* SPDX-License-Identifier: MIT */
/* Lets each call of the host fail in turn, and cancels at each: nothing leaks, and memory that is refused changes
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/harness.h>

/* Longer than the least amount of memory, so that it goes to files: rows of 300 bytes. */
#define N_ROWS 60

static char rows[N_ROWS * 400], other[N_ROWS * 100];

static void
write_rows(void)
{
  size_t at = 0, other_at = 0;
  for (int i = 0; i < N_ROWS; i++) {
    at += (size_t)snprintf(rows + at, sizeof rows - at,
                           "{\"k\": %d, \"t\": \"%d%0300d\", \"l\": [%d, null], \"n\": %d}\n", i * 7 % 13,
                           i * 31 % 17, i % 5, i, i);
    other_at += (size_t)snprintf(other + other_at, sizeof other - other_at, "{\"k\": %d, \"o\": \"%d\"}\n",
                                 i * 5 % 29, i);
  }
}

/* A stage with its options, and the port that is looked at. */
static const struct {
  const char *use, *options, *port, *right;
} stages[] = {
    {"rows.sort", "{\"by\": [\"k\", \"t\"], \"memory\": 4096}", "out", NULL},
    {"rows.shuffle", "{\"memory\": 4096}", "out", NULL},
    {"rows.dedupe", "{\"by\": \"t\", \"memory\": 4096}", "removed", NULL},
    {"rows.dedupe", "{\"by\": \"t\", \"keep\": \"last\", \"memory\": 4096}", "out", NULL},
    {"rows.dedupe-near", "{\"text\": \"t\"}", "removed", NULL},
    {"rows.join", "{\"on\": \"k\", \"duplicates\": \"all\", \"kind\": \"left\", \"memory\": 4096}", "out",
     other},
    {"rows.count", "{\"by\": [\"k\", \"t\"], \"sum\": \"n\", \"memory\": 4096}", "out", NULL},
};

static weir_harness *
harness_of(size_t i)
{
  static const weir_harness_cut cuts[] = {{7, 1, 0, 0}};
  weir_harness *h = weir_harness_new(stages[i].use, stages[i].options);
  weir_harness_input(h, stages[i].right ? "left" : "in", rows);
  if (stages[i].right)
    weir_harness_input(h, "right", stages[i].right);
  weir_harness_cuts(h, cuts, 1);
  return h;
}

/* Every call of a kind in turn. */
static void
fail_each(size_t i, weir_harness_fault fault, const char *name)
{
  int wrong = 0;
  uint64_t n = 0, leaked = 0;
  for (uint64_t nth = 1;; nth++) {
    weir_harness *h = harness_of(i);
    weir_harness_fail_at(h, fault, nth);
    int code = weir_harness_run(h);
    uint64_t calls = weir_harness_calls(h, fault);
    leaked += weir_harness_leaked_batches(h);
    if (calls >= nth && (fault == WEIR_FAULT_CANCEL ? code != 130 && code != 0 : code != 1 && code != 3))
      wrong++;
    weir_harness_free(h);
    if (calls < nth)
      break;
    n++;
    /* Far into a run one call is like the next. */
    if (nth > 40)
      nth += nth / 8;
  }
  weir_harness_check(!wrong && !leaked,
                     "%s: %s fails at each of %u calls; %d times it went on, %u batches leaked",
                     stages[i].use, name, (unsigned)n, wrong, (unsigned)leaked);
}

/* The same rows when no memory is granted. */
static void
refuse_memory(size_t i)
{
  weir_harness *h = harness_of(i), *refused = harness_of(i);
  weir_harness_run(h);
  weir_harness_fail_at(refused, WEIR_FAULT_RESERVE, 1);
  weir_harness_check_rows(refused, stages[i].port, weir_harness_rows(h, stages[i].port));
  weir_harness_free(h);
  weir_harness_free(refused);
}

int
main(void)
{
  write_rows();
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    refuse_memory(i);
    fail_each(i, WEIR_FAULT_EMIT, "emit");
    fail_each(i, WEIR_FAULT_ALLOC, "alloc");
    fail_each(i, WEIR_FAULT_TABLE, "table");
    fail_each(i, WEIR_FAULT_FILES, "files");
    fail_each(i, WEIR_FAULT_CANCEL, "cancel");
  }
  return weir_harness_finish();
}
