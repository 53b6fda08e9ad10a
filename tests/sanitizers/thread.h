/* SPDX-License-Identifier: MIT */
/*
 * Tells ThreadSanitizer what GLib's locks order. Read before every source of a build with -fsanitize=thread.
 *
 * GLib's own code is not instrumented, and its locks are futexes: without these words every lock would look like a
 * race. Wrapped is what our sources call; see <sanitizer/tsan_interface.h> for the words.
 */
#ifndef WEIR_TESTS_SANITIZERS_THREAD_H
#define WEIR_TESTS_SANITIZERS_THREAD_H

#include <glib.h>
#include <sanitizer/tsan_interface.h>

static inline void
tsan_mutex_lock(GMutex *mutex)
{
  __tsan_mutex_pre_lock(mutex, 0);
  g_mutex_lock(mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

static inline void
tsan_mutex_unlock(GMutex *mutex)
{
  __tsan_mutex_pre_unlock(mutex, 0);
  g_mutex_unlock(mutex);
  __tsan_mutex_post_unlock(mutex, 0);
}

static inline void
tsan_mutex_clear(GMutex *mutex)
{
  __tsan_mutex_destroy(mutex, 0);
  g_mutex_clear(mutex);
}

static inline void
tsan_cond_wait(GCond *cond, GMutex *mutex)
{
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  g_cond_wait(cond, mutex);
  __tsan_mutex_pre_lock(mutex, 0);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

static inline gboolean
tsan_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  gboolean woken = g_cond_wait_until(cond, mutex, end_time);
  __tsan_mutex_pre_lock(mutex, 0);
  __tsan_mutex_post_lock(mutex, 0, 0);
  return woken;
}

static inline void
tsan_reader_lock(GRWLock *lock)
{
  __tsan_mutex_pre_lock(lock, __tsan_mutex_read_lock);
  g_rw_lock_reader_lock(lock);
  __tsan_mutex_post_lock(lock, __tsan_mutex_read_lock, 0);
}

static inline void
tsan_reader_unlock(GRWLock *lock)
{
  __tsan_mutex_pre_unlock(lock, __tsan_mutex_read_lock);
  g_rw_lock_reader_unlock(lock);
  __tsan_mutex_post_unlock(lock, __tsan_mutex_read_lock);
}

static inline void
tsan_writer_lock(GRWLock *lock)
{
  __tsan_mutex_pre_lock(lock, 0);
  g_rw_lock_writer_lock(lock);
  __tsan_mutex_post_lock(lock, 0, 0);
}

static inline void
tsan_writer_unlock(GRWLock *lock)
{
  __tsan_mutex_pre_unlock(lock, 0);
  g_rw_lock_writer_unlock(lock);
  __tsan_mutex_post_unlock(lock, 0);
}

static inline void
tsan_async_queue_push(GAsyncQueue *queue, gpointer data)
{
  g_async_queue_lock(queue);
  __tsan_acquire(queue);
  g_async_queue_push_unlocked(queue, data);
  __tsan_release(queue);
  g_async_queue_unlock(queue);
}

static inline gpointer
tsan_async_queue_try_pop(GAsyncQueue *queue)
{
  g_async_queue_lock(queue);
  __tsan_acquire(queue);
  gpointer data = g_async_queue_try_pop_unlocked(queue);
  __tsan_release(queue);
  g_async_queue_unlock(queue);
  return data;
}

#define g_mutex_lock            tsan_mutex_lock
#define g_mutex_unlock          tsan_mutex_unlock
#define g_mutex_clear           tsan_mutex_clear
#define g_cond_wait             tsan_cond_wait
#define g_cond_wait_until       tsan_cond_wait_until
#define g_rw_lock_reader_lock   tsan_reader_lock
#define g_rw_lock_reader_unlock tsan_reader_unlock
#define g_rw_lock_writer_lock   tsan_writer_lock
#define g_rw_lock_writer_unlock tsan_writer_unlock
#define g_async_queue_push      tsan_async_queue_push
#define g_async_queue_try_pop   tsan_async_queue_try_pop

/* Counts of references are atomic, but in GLib's own code. */
#define g_atomic_ref_count_inc(count) g_atomic_int_inc(count)
#define g_atomic_ref_count_dec(count) g_atomic_int_dec_and_test(count)

#endif
