/* SPDX-License-Identifier: MIT */
/* Keeps secrets out of logs, journals, reports and messages. */
#include "config.h"

#include "base/redact.h"

#include "base/json_write.h"

#include <string.h>

#define MASK       "***"
#define SHORT      4  /* below this many bytes a secret is replaced only where it stands alone */
#define LINE_BYTES 16 /* the least line of a secret of several lines that is a secret by itself */

typedef struct {
  char *text;
  gsize length;
} Form;

static GRWLock lock;
static GArray *forms;          /* of Form, the longest first */
static guint8 first_bytes[32]; /* a bit for each byte that a form begins with */
static gint n_forms;           /* read without the lock */

/* --- Registering --- */

static void
forget(gpointer data)
{
  Form *form = data;
  explicit_bzero(form->text, form->length);
  g_free(form->text);
}

/* Takes `text`. The lock is held for writing. */
static void
add_form(char *text)
{
  Form form = {text, strlen(text)};
  guint at = 0;

  for (; at < forms->len; at++) {
    const Form *other = &g_array_index(forms, Form, at);
    if (form.length == other->length && memcmp(form.text, other->text, form.length) == 0)
      break;
    if (form.length > other->length) {
      g_array_insert_val(forms, at, form);
      goto added;
    }
  }
  if (at < forms->len || form.length == 0) {
    forget(&form);
    return;
  }
  g_array_append_val(forms, form);
added:
  first_bytes[(guchar)*text / 8] |= (guint8)(1u << ((guchar)*text % 8));
  g_atomic_int_inc(&n_forms);
}

/* RFC 3986 section 2.1; all but unreserved characters are encoded. `digits` are in lower or upper case. */
static char *
percent_encoded(const char *secret, const char *digits, gboolean plus_for_space)
{
  GString *out = g_string_new(NULL);
  for (const char *p = secret; *p != '\0'; p++) {
    if (g_ascii_isalnum(*p) || strchr("-._~", *p) != NULL)
      g_string_append_c(out, *p);
    else if (*p == ' ' && plus_for_space)
      g_string_append_c(out, '+');
    else
      g_string_append_printf(out, "%%%c%c", digits[(guchar)*p >> 4], digits[(guchar)*p & 15]);
  }
  return g_string_free(out, FALSE);
}

/* As writers do that keep to ASCII: \uXXXX beyond it. */
static void
append_ascii_escape(GString *out, gunichar c)
{
  if (c < 0x80)
    g_string_append_c(out, (char)c);
  else if (c < 0x10000)
    g_string_append_printf(out, "\\u%04x", c);
  else
    g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

static char *
json_escaped(const char *secret, gboolean ascii, gboolean slashes)
{
  g_autofree char *valid = g_utf8_make_valid(secret, -1);
  g_autoptr(GString) plain = g_string_new(NULL);
  GString *out = g_string_new(NULL);

  weir_json_append_string(plain, valid, strlen(valid));
  g_string_truncate(plain, plain->len - 1); /* without the quotes */
  for (const char *p = plain->str + 1; *p != '\0'; p = g_utf8_next_char(p)) {
    if (*p == '/' && slashes)
      g_string_append(out, "\\/");
    else if (ascii)
      append_ascii_escape(out, g_utf8_get_char(p));
    else
      g_string_append_unichar(out, g_utf8_get_char(p));
  }
  explicit_bzero(plain->str, plain->len);
  return g_string_free(out, FALSE);
}

static void
add_forms(const char *secret)
{
  add_form(g_strdup(secret));
  for (int plus = 0; plus < 2; plus++) {
    add_form(percent_encoded(secret, "0123456789ABCDEF", plus));
    add_form(percent_encoded(secret, "0123456789abcdef", plus));
  }
  for (int ascii = 0; ascii < 2; ascii++) {
    add_form(json_escaped(secret, ascii, FALSE));
    add_form(json_escaped(secret, ascii, TRUE));
  }
}

void
weir_redact_add(const char *secret)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(secret));
  g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);

  g_rw_lock_writer_lock(&lock);
  if (forms == NULL) {
    forms = g_array_new(FALSE, FALSE, sizeof(Form));
    g_array_set_clear_func(forms, forget);
  }
  if (*trimmed != '\0')
    add_forms(trimmed);
  for (guint i = 0; lines[0] != NULL && lines[1] != NULL && lines[i] != NULL; i++) {
    g_strstrip(lines[i]);
    /* The first and last line of a key in PEM (RFC 7468) are the same for all of them. */
    if (strlen(lines[i]) >= LINE_BYTES && !g_str_has_prefix(lines[i], "-----"))
      add_forms(lines[i]);
  }
  g_rw_lock_writer_unlock(&lock);
  explicit_bzero(trimmed, strlen(trimmed));
}

void
weir_redact_clear(void)
{
  g_rw_lock_writer_lock(&lock);
  g_clear_pointer(&forms, g_array_unref);
  memset(first_bytes, 0, sizeof first_bytes);
  g_atomic_int_set(&n_forms, 0);
  g_rw_lock_writer_unlock(&lock);
}

gboolean
weir_redact_needed(void)
{
  return g_atomic_int_get(&n_forms) > 0;
}

/* --- Replacing --- */

static gboolean
is_word(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

static gboolean
form_matches(const Form *form, const char *text, gsize size, gsize at)
{
  gsize end = at + form->length;

  if (form->length > size - at || memcmp(text + at, form->text, form->length) != 0)
    return FALSE;
  if (form->length >= SHORT)
    return TRUE;
  return !(at > 0 && is_word(text[at - 1])) && !(end < size && is_word(text[end]));
}

/* The length of the longest secret that stands at `at`, or 0. The lock is held. */
static gsize
match(const char *text, gsize size, gsize at)
{
  guchar first = (guchar)text[at];

  if ((first_bytes[first / 8] & (1u << (first % 8))) == 0)
    return 0;
  for (guint i = 0; i < forms->len; i++) {
    const Form *form = &g_array_index(forms, Form, i);
    if (form_matches(form, text, size, at))
      return form->length;
  }
  return 0;
}

/* Appends what `text` becomes. Returns whether it differs. */
static gboolean
redact_into(GString *out, const char *text, gsize size)
{
  gboolean differs = FALSE;
  gsize start = 0; /* of what has not been copied */
  gsize at = 0;

  g_rw_lock_reader_lock(&lock);
  while (forms != NULL && at < size) {
    gsize length = match(text, size, at);
    if (length == 0) {
      at++;
      continue;
    }
    g_string_append_len(out, text + start, (gssize)(at - start));
    g_string_append(out, MASK);
    at += length;
    start = at;
    differs = TRUE;
  }
  g_rw_lock_reader_unlock(&lock);
  g_string_append_len(out, text + start, (gssize)(size - start));
  return differs;
}

char *
weir_redact(const char *text)
{
  if (!weir_redact_needed())
    return g_strdup(text);
  gsize size = strlen(text);
  GString *out = g_string_sized_new(size + 1);
  redact_into(out, text, size);
  return g_string_free(out, FALSE);
}

gboolean
weir_redact_string(GString *text)
{
  if (!weir_redact_needed())
    return FALSE;
  g_autoptr(GString) out = g_string_sized_new(text->len + 1);
  gboolean differs = redact_into(out, text->str, text->len);
  if (differs) {
    g_string_truncate(text, 0);
    g_string_append_len(text, out->str, (gssize)out->len);
  }
  return differs;
}
