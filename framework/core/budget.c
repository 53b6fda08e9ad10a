/* SPDX-License-Identifier: MIT */
/* Divides a run's memory between edges and stages, and lends the rest. */
#include "core/budget.h"

#include "base/units.h"

#define MIB           (G_GUINT64_CONSTANT(1) << 20)
#define RING_LEAST    MIB
#define RING_MOST     (64 * MIB)
#define IN_HAND       MIB
#define FIRST         MIB       /* of what a stage reserves: that of the batch in its hands */
#define WORKER        (2 * MIB) /* a batch that comes, and one that goes */
#define MOST_HINT     (G_GUINT64_CONSTANT(1) << 24) /* MiB: nobody has as much */
#define RECORD_MOST   (64 * MIB)
#define DEFAULT_TOTAL (1024 * MIB) /* where the machine's memory is not known */

typedef struct {
  guint64 held;      /* of the pool */
  guint64 first;     /* beside it, where the pool had none */
  guint64 refused;   /* what it asked for last, if that was refused; else 0 */
  guint64 least;     /* of its class */
  gboolean declares; /* its class has one */
  gboolean open;
} Holder;

struct WeirBudget {
  guint64 total, max_record;
  guint64 ring;
  guint n_parallel;
  guint64 fixed, planned_fixed; /* what stages have in any case: now, and when it was divided */
  guint n_streams, planned_streams;
  guint64 pool;
  GMutex lock; /* holders */
  Holder *holders;
  guint n_holders;
};

WeirBudget *
weir_budget_new(guint64 total, guint64 max_record)
{
  WeirBudget *budget = g_new0(WeirBudget, 1);
  guint64 machine = total ? 0 : weir_machine_memory("");
  budget->total = total ? total : machine ? machine / 2 : DEFAULT_TOTAL;
  budget->max_record = max_record ? max_record : MIN(budget->total / 8, RECORD_MOST);
  budget->ring = RING_MOST;
  budget->pool = budget->total;
  g_mutex_init(&budget->lock);
  return budget;
}

void
weir_budget_free(WeirBudget *budget)
{
  if (!budget)
    return;
  g_mutex_clear(&budget->lock);
  g_free(budget->holders);
  g_free(budget);
}

guint64
weir_budget_total(const WeirBudget *budget)
{
  return budget->total;
}

guint64
weir_budget_record_limit(const WeirBudget *budget)
{
  return budget->max_record;
}

guint64
weir_budget_ring(const WeirBudget *budget)
{
  return budget->ring;
}

guint
weir_budget_workers(const WeirBudget *budget, guint jobs)
{
  guint64 most = budget->total / 8 / MAX(budget->n_parallel, 1) / WORKER;
  return (guint)CLAMP(most, 1, MAX(jobs, 1));
}

/* ---- Dividing ------------------------------------------------------------------------------------------- */

static guint64
add(guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static guint
count_streams(const WeirPlan *plan)
{
  guint n = 0;
  for (guint e = 0; e < plan->edges->len; e++)
    n += !(((const WeirEdge *)plan->edges->pdata[e])->to->row->flags & WEIR_PORT_TABLE);
  return n;
}

static guint64
sum_of_leasts(const WeirPlan *plan)
{
  guint64 sum = 0;
  for (guint s = 0; s < plan->stages->len; s++)
    sum = add(sum, ((const WeirPlanStage *)plan->stages->pdata[s])->class->least_memory);
  return sum;
}

/* What a ring has with a budget of `total`. Half of what is not given away already is left for the pool. */
static guint64
ring_of(const WeirBudget *budget, guint64 total)
{
  guint64 left = total - budget->planned_fixed;
  return budget->planned_streams
             ? CLAMP(MIN(total / 4, left / 2) / budget->planned_streams, RING_LEAST, RING_MOST)
             : RING_MOST;
}

static guint64
pool_of(const WeirBudget *budget, guint64 total)
{
  return total - budget->fixed - budget->n_streams * ring_of(budget, total);
}

static void
refuse(const WeirBudget *budget, const WeirPlan *plan, guint64 need, guint n_streams,
       WeirDiagnostics *diagnostics)
{
  guint64 rounded = need > G_MAXUINT64 - MIB ? need : (need + MIB - 1) / MIB * MIB;
  g_autofree char *wanted = weir_format_size((double)need);
  g_autofree char *allowed = weir_format_size((double)budget->total);
  g_autofree char *enough = weir_size_to_text(rounded);
  WeirDiagnostic *entry = weir_diagnostics_error(
      diagnostics, weir_position(plan->pipeline->file, 0, 0),
      "the pipeline needs at least %s of memory, and its budget is %s", wanted, allowed);
  weir_diagnostic_note(entry, "%u stages and %u streams between them: 1 MiB each", plan->stages->len,
                       n_streams);
  for (guint s = 0; s < plan->stages->len; s++) {
    const WeirPlanStage *stage = plan->stages->pdata[s];
    if (!stage->class->least_memory)
      continue;
    g_autofree char *label = weir_plan_stage_label(stage);
    g_autofree char *least = weir_format_size((double)stage->class->least_memory);
    weir_diagnostic_note(entry, "%s: %s", label, least);
  }
  weir_diagnostic_hint(entry, "give it more with --memory %s", enough);
}

void
weir_budget_divide(WeirBudget *budget, const WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  guint n_streams = count_streams(plan);
  guint64 fixed = add(sum_of_leasts(plan), plan->stages->len * IN_HAND);
  guint64 need = add(fixed, n_streams * RING_LEAST);
  if (need > budget->total) {
    refuse(budget, plan, need, n_streams, diagnostics);
    return;
  }
  budget->fixed = budget->planned_fixed = fixed;
  budget->n_streams = budget->planned_streams = n_streams;
  budget->ring = ring_of(budget, budget->total);
  budget->pool = pool_of(budget, budget->total);
  budget->n_holders = plan->stages->len;
  budget->holders = g_new0(Holder, budget->n_holders + 1);
  for (guint s = 0; s < plan->stages->len; s++) {
    const WeirPlanStage *stage = plan->stages->pdata[s];
    guint64 least = stage->class->least_memory;
    budget->holders[s] = (Holder){.least = least, .declares = least > 0, .open = TRUE};
    budget->n_parallel += stage->class->threads == WEIR_PARALLEL;
  }
}

void
weir_budget_leave_out(WeirBudget *budget, const WeirPlanStage *stage)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    if (!(stage->inputs[i].row->flags & WEIR_PORT_TABLE))
      budget->n_streams -= stage->inputs[i].edges->len;
  budget->fixed -= IN_HAND;
  weir_budget_close(budget, stage->index);
  budget->n_parallel -= stage->class->threads == WEIR_PARALLEL;
}

/* ---- Lending -------------------------------------------------------------------------------------------- */

/* What of the pool is not the stage's to take: what others hold, and what is kept for them. */
static guint64
of_others(const WeirBudget *budget, guint64 pool, guint index)
{
  guint64 n_declare = 0, kept = pool / 8, sum = 0, undeclared = 0;
  for (guint s = 0; s < budget->n_holders; s++)
    n_declare += budget->holders[s].open && budget->holders[s].declares;
  guint64 share = n_declare ? (pool - kept) / n_declare : 0;
  for (guint s = 0; s < budget->n_holders; s++) {
    const Holder *holder = &budget->holders[s];
    if (s == index)
      continue;
    if (holder->declares)
      sum += holder->open ? MAX(holder->held, share) : holder->held;
    else
      undeclared += holder->held;
  }
  return sum + (budget->holders[index].declares ? MAX(undeclared, kept) : undeclared);
}

/* How much more a stage could have, were the pool so large. */
static guint64
left_of(const WeirBudget *budget, guint64 pool, guint index)
{
  guint64 taken = add(of_others(budget, pool, index), budget->holders[index].held);
  return taken < pool ? pool - taken : 0;
}

gboolean
weir_budget_reserve(WeirBudget *budget, guint index, guint64 bytes)
{
  g_mutex_lock(&budget->lock);
  g_assert(index < budget->n_holders);
  Holder *holder = &budget->holders[index];
  gboolean pooled = bytes <= left_of(budget, budget->pool, index);
  gboolean first = !pooled && add(holder->held + holder->first, bytes) <= FIRST;
  if (pooled)
    holder->held += bytes;
  else if (first)
    holder->first += bytes;
  gboolean fits = pooled || first;
  holder->refused = fits ? 0 : bytes;
  g_mutex_unlock(&budget->lock);
  return fits;
}

gboolean
weir_budget_unreserve(WeirBudget *budget, guint index, guint64 bytes, guint64 *held)
{
  g_mutex_lock(&budget->lock);
  Holder *holder = &budget->holders[index];
  *held = holder->held + holder->first;
  gboolean fits = bytes <= *held;
  if (fits) {
    guint64 pooled = MIN(bytes, holder->held);
    holder->held -= pooled;
    holder->first -= bytes - pooled;
  }
  g_mutex_unlock(&budget->lock);
  return fits;
}

void
weir_budget_close(WeirBudget *budget, guint index)
{
  g_mutex_lock(&budget->lock);
  Holder *holder = &budget->holders[index];
  budget->fixed -= holder->least;
  budget->pool = pool_of(budget, budget->total);
  *holder = (Holder){.declares = holder->declares};
  g_mutex_unlock(&budget->lock);
}

/* The least budget in MiB that would have had so much, as things stand. */
static guint64
enough(const WeirBudget *budget, guint index, guint64 bytes)
{
  guint64 low = budget->total / MIB, high = low + 1;
  while (high < MOST_HINT && left_of(budget, pool_of(budget, high * MIB), index) < bytes)
    high *= 2;
  while (high - low > 1) {
    guint64 middle = low + (high - low) / 2;
    if (left_of(budget, pool_of(budget, middle * MIB), index) < bytes)
      low = middle;
    else
      high = middle;
  }
  return high;
}

char *
weir_budget_explain(WeirBudget *budget, guint index)
{
  g_mutex_lock(&budget->lock);
  guint64 bytes = budget->holders[index].refused;
  guint64 left = left_of(budget, budget->pool, index);
  guint64 megabytes = enough(budget, index, bytes);
  g_mutex_unlock(&budget->lock);
  if (!bytes)
    return NULL;
  g_autofree char *total = weir_format_size((double)budget->total);
  g_autofree char *wanted = weir_format_size((double)bytes);
  g_autofree char *had = weir_format_size((double)left);
  GString *text = g_string_new(NULL);
  g_string_append_printf(text, "it asked for %s more, and the budget of %s (--memory) had %s left for it",
                         wanted, total, had);
  if (megabytes < MOST_HINT)
    g_string_append_printf(text, "; --memory %" G_GUINT64_FORMAT "M would have been enough for that",
                           megabytes);
  return g_string_free(text, FALSE);
}
