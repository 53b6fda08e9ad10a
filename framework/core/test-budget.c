/* SPDX-License-Identifier: MIT */
/* Tests the budget: how it is divided, what is lent to whom, what a pipeline needs at least, the machine's memory. */
#include "base/test-folder.h"
#include "core/budget.h"

#define MIB ((guint64)1 << 20)

/* A plan with stages of these leasts, in a chain. */
typedef struct {
  WeirPipeline pipeline;
  WeirPlan plan;
  WeirPlanStage stages[8];
  weir_class classes[8];
  WeirInput inputs[8];
  WeirEdge edges[8];
  weir_port stream, table;
} Chain;

static Chain *
chain_new(const guint64 *leasts, guint n)
{
  Chain *chain = g_new0(Chain, 1);
  chain->pipeline.file = (char *)"p.json";
  chain->table.flags = WEIR_PORT_TABLE;
  chain->plan.pipeline = &chain->pipeline;
  chain->plan.stages = g_ptr_array_new();
  chain->plan.edges = g_ptr_array_new();
  for (guint i = 0; i < n; i++) {
    chain->classes[i].least_memory = leasts[i];
    chain->stages[i] = (WeirPlanStage){.plan = &chain->plan, .index = i, .class = &chain->classes[i]};
    chain->stages[i].name = i == 0 ? "load" : i + 1 == n ? "save" : "sort";
    chain->stages[i].use = "test.stage";
    g_ptr_array_add(chain->plan.stages, &chain->stages[i]);
    if (i == 0)
      continue;
    chain->inputs[i].row = &chain->stream;
    chain->inputs[i].edges = g_ptr_array_new();
    g_ptr_array_add(chain->inputs[i].edges, &chain->edges[i]);
    chain->stages[i].inputs = &chain->inputs[i];
    chain->stages[i].n_inputs = 1;
    chain->edges[i].to = &chain->inputs[i];
    g_ptr_array_add(chain->plan.edges, &chain->edges[i]);
  }
  return chain;
}

static void
chain_free(Chain *chain)
{
  g_ptr_array_unref(chain->plan.stages);
  g_ptr_array_unref(chain->plan.edges);
  for (guint i = 0; i < G_N_ELEMENTS(chain->inputs); i++)
    if (chain->inputs[i].edges)
      g_ptr_array_unref(chain->inputs[i].edges);
  g_free(chain);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)

static WeirBudget *
divided(Chain *chain, guint64 total, char **problem)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirBudget *budget = weir_budget_new(total, 0);
  weir_budget_divide(budget, &chain->plan, diagnostics);
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
  if (problem)
    *problem = g_steal_pointer(&text);
  else
    g_assert_cmpstr(text, ==, "");
  return budget;
}

/* The most that a stage can have at once. */
static guint64
most(WeirBudget *budget, guint stage)
{
  guint64 sum = 0, held;
  for (guint64 step = (guint64)1 << 40; step; step /= 2)
    if (weir_budget_reserve(budget, stage, step))
      sum += step;
  g_assert_true(weir_budget_unreserve(budget, stage, sum, &held));
  g_assert_cmpuint(held, >=, sum);
  return sum;
}

static void
test_divide(void)
{
  static const guint64 none[] = {0, 0, 0};
  g_autoptr(Chain) chain = chain_new(none, 3);
  WeirBudget *budget = divided(chain, 64 * MIB, NULL);
  g_assert_cmpuint(weir_budget_ring(budget), ==, 8 * MIB);
  g_assert_cmpuint(weir_budget_record_limit(budget), ==, 8 * MIB);
  g_assert_cmpuint(most(budget, 1), ==, (64 - 16 - 3) * MIB);
  weir_budget_free(budget);
  budget = divided(chain, 5 * MIB, NULL); /* the least */
  g_assert_cmpuint(weir_budget_ring(budget), ==, MIB);
  g_assert_cmpuint(most(budget, 1), ==, MIB); /* that of the batch in its hands */
  weir_budget_free(budget);
  g_autofree char *problem = NULL;
  budget = divided(chain, 64 << 10, &problem);
  g_assert_cmpstr(problem, !=, "");
  weir_budget_free(budget);
  budget = divided(chain, 1 << 30, NULL);
  g_assert_cmpuint(weir_budget_ring(budget), ==, 64 * MIB);
  weir_budget_free(budget);
  chain->inputs[2].row = &chain->table; /* a table's file takes nothing */
  budget = divided(chain, 64 * MIB, NULL);
  g_assert_cmpuint(weir_budget_ring(budget), ==, 16 * MIB);
  weir_budget_free(budget);
}

static void
test_too_small(void)
{
  static const guint64 leasts[] = {0, 8 * MIB, 3 * MIB / 2, 0};
  g_autoptr(Chain) chain = chain_new(leasts, 4);
  g_autofree char *problem = NULL;
  weir_budget_free(divided(chain, 16 * MIB, &problem));
  g_assert_cmpstr(problem, ==,
                  "p.json: the pipeline needs at least 16.5 MiB of memory, and its budget is 16.0 MiB\n"
                  "  4 stages and 3 streams between them: 1 MiB each\n"
                  "  stage \"sort\" (test.stage): 8.0 MiB\n"
                  "  stage \"sort\" (test.stage): 1.5 MiB\n"
                  "  hint: give it more with --memory 17M\n");
  weir_budget_free(divided(chain, 17 * MIB, NULL));
  g_autofree char *much = NULL;
  chain->classes[1].least_memory = chain->classes[2].least_memory = G_MAXUINT64 - 5;
  weir_budget_free(divided(chain, 17 * MIB, &much));
  g_assert_nonnull(strstr(much, "the pipeline needs at least"));
}

/* Whoever declares a least has a share that nobody else can take, and gets what is no other's. */
static void
test_shares(void)
{
  static const guint64 leasts[] = {0, MIB, MIB, 0};
  g_autoptr(Chain) chain = chain_new(leasts, 4);
  WeirBudget *budget = divided(chain, 64 * MIB, NULL);
  guint64 held, pool = 64 * MIB - 3 * weir_budget_ring(budget) - 6 * MIB;
  guint64 kept = pool / 8, share = (pool - kept) / 2;
  g_assert_cmpuint(most(budget, 1), ==, pool - kept - share);
  g_assert_cmpuint(most(budget, 0), ==, pool - 2 * share);
  g_assert_true(weir_budget_reserve(budget, 1, pool - kept - share));
  g_assert_false(weir_budget_reserve(budget, 1, 1));
  g_assert_cmpuint(most(budget, 2), >=, share); /* though the other took all it could */
  g_assert_cmpuint(most(budget, 3), >=, kept);
  g_assert_true(weir_budget_reserve(budget, 3, kept));
  g_assert_cmpuint(most(budget, 2), >=, share);
  weir_budget_close(budget, 2); /* its share is free */
  g_assert_true(weir_budget_reserve(budget, 1, share / 2));
  weir_budget_close(budget, 1);
  g_assert_cmpuint(most(budget, 3), ==, pool + 2 * MIB - kept); /* besides what it holds */
  g_assert_false(weir_budget_unreserve(budget, 1, 1, &held));   /* it closed, and gave back all */
  g_assert_cmpuint(held, ==, 0);
  g_assert_false(weir_budget_reserve(budget, 3, G_MAXUINT64));
  weir_budget_free(budget);
}

/* Whoever is refused learns with which budget it would not have been. */
static void
test_explained(void)
{
  static const guint64 none[] = {0, 0};
  g_autoptr(Chain) chain = chain_new(none, 2);
  WeirBudget *budget = divided(chain, 3 * MIB, NULL);
  g_assert_null(weir_budget_explain(budget, 1));
  g_assert_true(weir_budget_reserve(budget, 1, MIB / 2));
  g_assert_false(weir_budget_reserve(budget, 1, 6 * MIB));
  g_autofree char *why = weir_budget_explain(budget, 1);
  g_assert_cmpstr(why, ==,
                  "it asked for 6.0 MiB more, and the budget of 3.0 MiB (--memory) had 0 B left for it; "
                  "--memory 11M would have been enough for that");
  weir_budget_free(budget);
  budget = divided(chain, 11 * MIB, NULL);
  g_assert_true(weir_budget_reserve(budget, 1, 6 * MIB));
  g_assert_false(weir_budget_reserve(budget, 1, G_MAXUINT64));
  g_autofree char *never = weir_budget_explain(budget, 1);
  g_assert_null(strstr(never, "enough"));
  weir_budget_free(budget);
}

/* Of stages that do not run nothing is held back: neither a share nor a least, nor a ring before them. */
static void
test_left_out(void)
{
  static const guint64 leasts[] = {0, MIB, MIB, 0};
  g_autoptr(Chain) chain = chain_new(leasts, 4);
  WeirBudget *budget = divided(chain, 64 * MIB, NULL);
  guint64 ring = weir_budget_ring(budget);
  weir_budget_leave_out(budget, &chain->stages[0]);
  weir_budget_leave_out(budget, &chain->stages[1]);
  weir_budget_leave_out(budget, &chain->stages[2]);
  g_assert_cmpuint(most(budget, 3), ==, 64 * MIB - ring - MIB);
  weir_budget_free(budget);
}

static gpointer
borrow(gpointer data)
{
  WeirBudget *budget = data;
  guint64 held;
  for (guint i = 0; i < 20000; i++)
    if (weir_budget_reserve(budget, 1, MIB))
      g_assert_true(weir_budget_unreserve(budget, 1, MIB, &held));
  return NULL;
}

static void
test_threads(void)
{
  static const guint64 leasts[] = {0, MIB, 0};
  g_autoptr(Chain) chain = chain_new(leasts, 3);
  WeirBudget *budget = divided(chain, 16 * MIB, NULL);
  guint64 before = most(budget, 1);
  GThread *threads[4];
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new("borrower", borrow, budget);
  for (guint i = 0; i < 4; i++)
    g_thread_join(threads[i]);
  g_assert_cmpuint(most(budget, 1), ==, before);
  weir_budget_free(budget);
}

static void
test_workers(void)
{
  static const guint64 none[] = {0, 0};
  g_autoptr(Chain) chain = chain_new(none, 2);
  chain->classes[1].threads = WEIR_PARALLEL;
  WeirBudget *budget = divided(chain, 64 * MIB, NULL);
  g_assert_cmpuint(weir_budget_workers(budget, 2), ==, 2);
  g_assert_cmpuint(weir_budget_workers(budget, 64), ==, 4);
  weir_budget_free(budget);
  budget = divided(chain, 3 * MIB, NULL);
  g_assert_cmpuint(weir_budget_workers(budget, 64), ==, 1);
  weir_budget_free(budget);
}

static void
assert_memory(Folder *folder, guint64 wanted)
{
  g_assert_cmpuint(weir_machine_memory(folder->path), ==, wanted);
}

static void
test_machine(Folder *folder, gconstpointer data)
{
  (void)data;
  assert_memory(folder, 0);
  folder_put(folder, "proc/meminfo", "MemTotal:       16384 kB\nMemFree:  100 kB\n");
  assert_memory(folder, 16 * MIB);
  folder_put(folder, "proc/self/cgroup", "0::/user/me\n");
  assert_memory(folder, 16 * MIB);
  folder_put(folder, "sys/fs/cgroup/user/me/memory.max", "max\n");
  assert_memory(folder, 16 * MIB);
  folder_put(folder, "sys/fs/cgroup/user/memory.max", "8388608\n");
  assert_memory(folder, 8 * MIB);
  folder_put(folder, "sys/fs/cgroup/user/me/memory.max", "4194304\n");
  assert_memory(folder, 4 * MIB);
  /* The second version is of no use where the first one has the memory. */
  folder_put(folder, "proc/self/cgroup", "5:cpu,memory:/docker/1\n4:cpuset:/x\n0::/\n");
  assert_memory(folder, 16 * MIB);
  folder_put(folder, "sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n"); /* as a container sees it */
  assert_memory(folder, 2 * MIB);
  folder_put(folder, "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712\n");
  assert_memory(folder, 2 * MIB);
  g_assert_cmpuint(weir_machine_memory(""), >, 64 * MIB);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/budget/divide", test_divide);
  g_test_add_func("/budget/too-small", test_too_small);
  g_test_add_func("/budget/shares", test_shares);
  g_test_add_func("/budget/left-out", test_left_out);
  g_test_add_func("/budget/explained", test_explained);
  g_test_add_func("/budget/threads", test_threads);
  g_test_add_func("/budget/workers", test_workers);
  g_test_add("/budget/machine", Folder, NULL, folder_set_up, test_machine, folder_tear_down);
  return g_test_run();
}
