/* SPDX-License-Identifier: MIT */
/* Messages of a run: posted from any thread, redacted, handed to the listeners in the run's own. */
#include "core/run.h"

#include "base/redact.h"
#include "core/message_json.h"

static char *
own(WeirPosted *posted, guint slot, const char *text)
{
  posted->texts[slot] = text ? weir_redact(text) : NULL;
  return posted->texts[slot];
}

void
weir_run_post(WeirRun *run, const WeirMessage *message)
{
  WeirPosted *posted = g_new0(WeirPosted, 1);
  posted->message = *message;
  posted->message.time = g_get_real_time();
  posted->message.stage = own(posted, 0, message->stage);
  posted->message.text = own(posted, 1, message->text);
  posted->message.kind = own(posted, 2, message->kind);
  posted->message.name = own(posted, 3, message->name);
  posted->message.json = posted->texts[4] = message->json ? weir_redact_json(message->json) : NULL;
  posted->message.unit = own(posted, 5, message->unit);
  g_async_queue_push(run->messages, posted);
  g_main_context_wakeup(run->context);
}

static void
posted_free(WeirPosted *posted)
{
  for (guint i = 0; i < G_N_ELEMENTS(posted->texts); i++)
    g_free(posted->texts[i]);
  g_free(posted);
}

void
weir_run_drop_messages(WeirRun *run)
{
  WeirPosted *posted;
  while ((posted = g_async_queue_try_pop(run->messages)))
    posted_free(posted);
}

void
weir_run_dispatch(WeirRun *run)
{
  WeirPosted *posted;
  while ((posted = g_async_queue_try_pop(run->messages))) {
    for (guint i = 0; i < run->listeners->len; i++) {
      const WeirListenerEntry *entry = &g_array_index(run->listeners, WeirListenerEntry, i);
      entry->listener(run, &posted->message, entry->data);
    }
    posted_free(posted);
  }
}
