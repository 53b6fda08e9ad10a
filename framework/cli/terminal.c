/* SPDX-License-Identifier: MIT */
/* A terminal with a block that is redrawn in place: see terminal.h. */
#include "cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"

struct CliTerminal {
  int fd;
  gboolean live;
  CliStyle style;
  GArray *widths;   /* guint: columns of the lines of the block as it stands */
  GPtrArray *block; /* its lines, to be drawn again below what is printed */
};

/* For the signal handler: the descriptor whose cursor is hidden, -1: none. */
static volatile sig_atomic_t hidden_fd = -1;

CliTerminal *
cli_terminal_new(int fd)
{
  CliTerminal *terminal = g_new0(CliTerminal, 1);
  const char *term = g_getenv("TERM"), *no_colour = g_getenv("NO_COLOR");
  terminal->fd = fd;
  terminal->live = isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
  terminal->style.colour = terminal->live && !(no_colour && *no_colour);
  terminal->style.unicode = g_get_charset(NULL);
  terminal->widths = g_array_new(FALSE, FALSE, sizeof(guint));
  terminal->block = g_ptr_array_new_with_free_func(g_free);
  return terminal;
}

void
cli_terminal_free(CliTerminal *terminal)
{
  if (!terminal)
    return;
  cli_terminal_clear(terminal);
  cli_terminal_restore();
  g_array_unref(terminal->widths);
  g_ptr_array_unref(terminal->block);
  g_free(terminal);
}

const CliStyle *
cli_terminal_style(const CliTerminal *terminal)
{
  return &terminal->style;
}

gboolean
cli_terminal_is_live(const CliTerminal *terminal)
{
  return terminal->live;
}

void
cli_terminal_size(const CliTerminal *terminal, guint *columns, guint *rows)
{
  struct winsize size;
  *columns = *rows = 0;
  if (!isatty(terminal->fd))
    return;
  memset(&size, 0, sizeof size);
  if (ioctl(terminal->fd, TIOCGWINSZ, &size) != 0)
    memset(&size, 0, sizeof size);
  *columns = size.ws_col ? size.ws_col : 80;
  *rows = size.ws_row ? size.ws_row : 24;
}

/* All of it, or as much as the terminal takes: there is nobody to tell. */
static void
write_all(int fd, const char *text, gsize length)
{
  while (length) {
    gssize n = write(fd, text, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return;
    text += n;
    length -= (gsize)n;
  }
}

/* The signs of our own that a terminal without UTF-8 cannot show, in ASCII; what others write stays. */
static void
write_text(const CliTerminal *terminal, GString *text)
{
  if (!terminal->style.unicode) {
    g_string_replace(text, "µ", "u", 0);
    g_string_replace(text, "…", "...", 0);
    g_string_replace(text, "→", "->", 0);
  }
  write_all(terminal->fd, text->str, text->len);
}

void
cli_terminal_append_up(GString *out, const GArray *widths, guint columns)
{
  guint rows = 0;
  for (guint i = 0; i < widths->len; i++) {
    guint width = g_array_index(widths, guint, i);
    rows += columns && width > columns ? (width + columns - 1) / columns : 1;
  }
  if (rows)
    g_string_append_printf(out, "\033[%uA", rows);
  g_string_append(out, "\r\033[J");
}

static void
append_erase(GString *out, CliTerminal *terminal)
{
  guint columns, rows;
  if (!terminal->widths->len)
    return;
  cli_terminal_size(terminal, &columns, &rows);
  cli_terminal_append_up(out, terminal->widths, columns);
  g_array_set_size(terminal->widths, 0);
}

static void
append_block(GString *out, CliTerminal *terminal)
{
  for (guint i = 0; i < terminal->block->len; i++) {
    const char *line = terminal->block->pdata[i];
    guint width = cli_text_columns(line);
    g_string_append_printf(out, "%s\n", line);
    g_array_append_val(terminal->widths, width);
  }
}

void
cli_terminal_print(CliTerminal *terminal, const char *text)
{
  g_autoptr(GString) out = g_string_new(NULL);
  append_erase(out, terminal);
  g_string_append(out, text);
  if (!g_str_has_suffix(text, "\n"))
    g_string_append_c(out, '\n');
  append_block(out, terminal);
  write_text(terminal, out);
}

void
cli_terminal_draw(CliTerminal *terminal, const GPtrArray *lines)
{
  g_autoptr(GString) out = g_string_new(HIDE_CURSOR);
  if (!terminal->live)
    return;
  append_erase(out, terminal);
  g_ptr_array_set_size(terminal->block, 0);
  for (guint i = 0; i < lines->len; i++)
    g_ptr_array_add(terminal->block, g_strdup(lines->pdata[i]));
  append_block(out, terminal);
  hidden_fd = terminal->fd;
  write_text(terminal, out);
}

void
cli_terminal_clear(CliTerminal *terminal)
{
  g_autoptr(GString) out = g_string_new(NULL);
  append_erase(out, terminal);
  g_ptr_array_set_size(terminal->block, 0);
  write_text(terminal, out);
  cli_terminal_restore();
}

void
cli_terminal_restore(void)
{
  int fd = hidden_fd;
  hidden_fd = -1;
  if (fd >= 0)
    write_all(fd, SHOW_CURSOR, sizeof SHOW_CURSOR - 1);
}
