/* SPDX-License-Identifier: MIT */
/* Messages of a run: posted from any thread, redacted, handed to the listeners in the run's own. */
#include "core/run.h"

#include "base/redact.h"
#include "core/message_json.h"

/* What may wait for the listeners. One message is taken however large it is. */
#define MOST_MESSAGES 4096
#define MOST_BYTES    ((gsize)16 << 20)

struct WeirMessageQueue {
  GMutex lock;
  GCond room;
  GQueue posted; /* of WeirPosted */
  gsize bytes;
  GThread *reader; /* takes them: it must not wait for room */
};

void
weir_posted_free(gpointer data)
{
  WeirPosted *posted = data;
  for (guint i = 0; i < G_N_ELEMENTS(posted->texts); i++)
    g_free(posted->texts[i]);
  g_free(posted);
}

WeirMessageQueue *
weir_message_queue_new(void)
{
  WeirMessageQueue *queue = g_new0(WeirMessageQueue, 1);
  g_mutex_init(&queue->lock);
  g_cond_init(&queue->room);
  g_queue_init(&queue->posted);
  queue->reader = g_thread_self();
  return queue;
}

void
weir_message_queue_free(WeirMessageQueue *queue)
{
  g_queue_clear_full(&queue->posted, weir_posted_free);
  g_cond_clear(&queue->room);
  g_mutex_clear(&queue->lock);
  g_free(queue);
}

void
weir_message_queue_adopt(WeirMessageQueue *queue)
{
  g_mutex_lock(&queue->lock);
  queue->reader = g_thread_self();
  g_mutex_unlock(&queue->lock);
}

static gboolean
is_full(const WeirMessageQueue *queue, gsize bytes)
{
  return queue->posted.length >= MOST_MESSAGES || (queue->posted.length && queue->bytes + bytes > MOST_BYTES);
}

static void
push(WeirMessageQueue *queue, WeirPosted *posted)
{
  g_mutex_lock(&queue->lock);
  while (queue->reader != g_thread_self() && is_full(queue, posted->bytes))
    g_cond_wait(&queue->room, &queue->lock);
  queue->bytes += posted->bytes;
  g_queue_push_tail(&queue->posted, posted);
  g_mutex_unlock(&queue->lock);
}

static WeirPosted *
pop(WeirMessageQueue *queue)
{
  g_mutex_lock(&queue->lock);
  queue->reader = g_thread_self();
  WeirPosted *posted = g_queue_pop_head(&queue->posted);
  if (posted) {
    queue->bytes -= posted->bytes;
    g_cond_broadcast(&queue->room);
  }
  g_mutex_unlock(&queue->lock);
  return posted;
}

static char *
own(WeirPosted *posted, guint slot, const char *text)
{
  posted->texts[slot] = text ? weir_redact(text) : NULL;
  return posted->texts[slot];
}

WeirPosted *
weir_posted_new(const WeirMessage *message)
{
  WeirPosted *posted = g_new0(WeirPosted, 1);
  posted->message = *message;
  posted->message.stage = own(posted, 0, message->stage);
  posted->message.text = own(posted, 1, message->text);
  posted->message.kind = own(posted, 2, message->kind);
  posted->message.name = own(posted, 3, message->name);
  posted->message.json = posted->texts[4] = message->json ? weir_redact_json(message->json) : NULL;
  posted->message.unit = own(posted, 5, message->unit);
  posted->bytes = sizeof *posted;
  for (guint i = 0; i < G_N_ELEMENTS(posted->texts); i++)
    posted->bytes += posted->texts[i] ? strlen(posted->texts[i]) : 0;
  return posted;
}

void
weir_run_post(WeirRun *run, const WeirMessage *message)
{
  WeirPosted *posted = weir_posted_new(message);
  posted->message.time = g_get_real_time();
  push(run->messages, posted);
  g_main_context_wakeup(run->context);
}

void
weir_run_drop_messages(WeirRun *run)
{
  WeirPosted *posted;
  while ((posted = pop(run->messages)))
    weir_posted_free(posted);
}

void
weir_run_dispatch(WeirRun *run)
{
  WeirPosted *posted;
  while ((posted = pop(run->messages))) {
    for (guint i = 0; i < run->listeners->len; i++) {
      const WeirListenerEntry *entry = &g_array_index(run->listeners, WeirListenerEntry, i);
      entry->listener(run, &posted->message, entry->data);
    }
    weir_posted_free(posted);
  }
}
