/* Records whose text is longer than `most` characters are no good. */
static int
check(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const struct state *s = stage->state;
  weir_column text = weir_input(stage, port, batch, 0);
  int64_t *rows = malloc((size_t)text.length * sizeof *rows + 1), n = 0;
  int result = rows ? 0 : weir_fail(stage, "no memory for %lld rows", (long long)text.length);
  for (int64_t row = 0; !result && row < text.length; row++) {
    weir_text t = weir_get_text(&text, row);
    if (clip(t, s->most) == t.len)
      rows[n++] = row;
    else
      result = weir_reject(stage, port, batch, row, "the text is longer than %lld characters",
                           (long long)s->most);
  }
  if (result)
    weir_batch_release(batch);
  else
    result = weir_select(stage, port, batch, 0, rows, n);
  free(rows);
  return result;
}

static const weir_port checked[] = {{"out", "=in", .help = "those that are short enough"}};
