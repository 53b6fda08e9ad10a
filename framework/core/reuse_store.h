/* SPDX-License-Identifier: MIT */
/* The store: what stages made, by their keys, so that a later run need not make it again. */
#ifndef WEIR_CORE_REUSE_STORE_H
#define WEIR_CORE_REUSE_STORE_H

#include "core/mark.h"

/*
 * A folder (default runs/.cache in the working directory) with a folder for each key, which holds the mark of a stage,
 * the tables of its outputs that were kept, its artifacts and what it rejected; and "inputs", with the digests of large
 * input files. Entries appear whole and vanish whole; any number of runs may use the store at once. Tables are hard links
 * to those of the run that made them, artifacts are copies, since a run's artifacts are its user's to alter. What is
 * taken out is checked then.
 */
typedef struct WeirStore WeirStore;

#define WEIR_STORE_LIMIT \
  (G_GUINT64_CONSTANT(10) << 30) /* bytes, unless WEIR_STORE_LIMIT in the environment says otherwise */

/* Nothing is made before something is entered. */
WeirStore *weir_store_new(const char *folder, guint64 limit);
void weir_store_free(WeirStore *store);
const char *weir_store_get_folder(const WeirStore *store);
/* The bound that the environment sets. FALSE: it is no size. */
gboolean weir_store_limit_from_environment(guint64 *limit, GError **error);
/* Where digests of input files are remembered. */
char *weir_store_memory_folder(const WeirStore *store);

/* The mark of an entry, NULL if there is none. One that is damaged is dropped, one that cannot be read is not: `error`. */
WeirMark *weir_store_look(WeirStore *store, const char *key, const char *stage, GError **error);
/* Bring tables, artifacts and rejects of an entry to where a run has them: `tables` (names of outputs, NULL at the end)
   into `folder`; artifacts, held against their digests, and rejects into the run directory. FALSE: something is missing
   or damaged, and the entry is dropped; or it cannot be brought. */
gboolean weir_store_fetch(WeirStore *store, const char *key, const WeirMark *mark, const char *const *tables,
                          const char *folder, const char *run, GError **error);
/* Whether an entry that cannot be used for this reason is to go: not where the system refused, as with a full disk. */
gboolean weir_store_is_damage(const GError *why);
/* It was found to be damaged. */
void weir_store_drop(WeirStore *store, const char *key);

/* Enter what a stage of a run made; its tables lie in `folder`. One that is there already is replaced. */
gboolean weir_store_enter(WeirStore *store, const char *key, const WeirMark *mark, const char *folder,
                          const char *run, GError **error);

typedef struct {
  guint entries, removed;       /* that are left; that were removed */
  guint64 bytes, removed_bytes; /* of these */
  guint leftovers, remembered;  /* of killed processes; digests of files that are gone or have changed */
} WeirStoreTotals;

/* Remove what killed processes left: cheap. How many. */
guint weir_store_sweep(const WeirStore *store);
/* Remove those that were not used for longest until the store fits its bound; with `tidy` also what killed processes
   left, and remembered digests of files that are not there any more. */
gboolean weir_store_trim(WeirStore *store, gboolean tidy, WeirStoreTotals *totals, GError **error);

#endif
