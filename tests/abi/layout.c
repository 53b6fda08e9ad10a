/* SPDX-License-Identifier: MIT */
/* The plugin ABI's layout, in figures: a change of any of them breaks plugins that are built already. */
#include <weir/plugin.h>

/* New members come at the end of the structs that the host or the plugin sizes (weir_host, weir_plugin, weir_class,
 * weir_port, weir_option): then SIZE grows, AT lines are added, and WEIR_ABI_MINOR goes up. No line changes. */
#define IS(name, value) _Static_assert((name) == (value), #name " is " #value)

IS(WEIR_TYPE_NONE, 0);
IS(WEIR_BOOL, 1);
IS(WEIR_I8, 2);
IS(WEIR_U8, 3);
IS(WEIR_I16, 4);
IS(WEIR_U16, 5);
IS(WEIR_I32, 6);
IS(WEIR_U32, 7);
IS(WEIR_I64, 8);
IS(WEIR_U64, 9);
IS(WEIR_F32, 10);
IS(WEIR_F64, 11);
IS(WEIR_UTF8, 12);
IS(WEIR_BINARY, 13);
IS(WEIR_TIMESTAMP, 14);
IS(WEIR_LIST, 15);
IS(WEIR_FIXED, 16);
IS(WEIR_STRUCT, 17);
IS(WEIR_PORT_TABLE, 1);
IS(WEIR_PORT_OPTIONAL, 2);
IS(WEIR_PORT_MANY, 4);
IS(WEIR_PORT_REQUIRED, 8);
IS(WEIR_STRING, 1);
IS(WEIR_INPUT_PATH, 2);
IS(WEIR_OUTPUT_PATH, 3);
IS(WEIR_INTEGER, 4);
IS(WEIR_SIZE, 5);
IS(WEIR_DURATION, 6);
IS(WEIR_NUMBER, 7);
IS(WEIR_BOOLEAN, 8);
IS(WEIR_CHOICE, 9);
IS(WEIR_STRING_LIST, 10);
IS(WEIR_PATH_LIST, 11);
IS(WEIR_NUMBER_LIST, 12);
IS(WEIR_STRING_MAP, 13);
IS(WEIR_NUMBER_MAP, 14);
IS(WEIR_FIELD, 15);
IS(WEIR_FIELD_LIST, 16);
IS(WEIR_SECRET, 17);
IS(WEIR_OPTION_REQUIRED, 1);
IS(WEIR_OPTION_MEASURED, 2);
IS(WEIR_OPTION_ADVANCED, 4);
IS(WEIR_END, 1);
IS(WEIR_LOG_DEBUG, 0);
IS(WEIR_LOG_INFO, 1);
IS(WEIR_LOG_WARNING, 2);
IS(WEIR_HELD, 4);
IS(WEIR_SERIAL, 0);
IS(WEIR_PARALLEL, 1);
IS(WEIR_CLASS_ALIGNED, 1);
IS(WEIR_CLASS_SINK, 2);

#if defined(__LP64__)
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has " #bytes " bytes")
#define AT(type, member, bytes) \
  _Static_assert(offsetof(type, member) == (bytes), #member " stands at " #bytes)

SIZE(struct ArrowSchema, 72);
AT(struct ArrowSchema, format, 0);
AT(struct ArrowSchema, name, 8);
AT(struct ArrowSchema, metadata, 16);
AT(struct ArrowSchema, flags, 24);
AT(struct ArrowSchema, n_children, 32);
AT(struct ArrowSchema, children, 40);
AT(struct ArrowSchema, dictionary, 48);
AT(struct ArrowSchema, release, 56);
AT(struct ArrowSchema, private_data, 64);

SIZE(struct ArrowArray, 80);
AT(struct ArrowArray, length, 0);
AT(struct ArrowArray, null_count, 8);
AT(struct ArrowArray, offset, 16);
AT(struct ArrowArray, n_buffers, 24);
AT(struct ArrowArray, n_children, 32);
AT(struct ArrowArray, buffers, 40);
AT(struct ArrowArray, children, 48);
AT(struct ArrowArray, dictionary, 56);
AT(struct ArrowArray, release, 64);
AT(struct ArrowArray, private_data, 72);

SIZE(weir_text, 16);
AT(weir_text, data, 0);
AT(weir_text, len, 8);

SIZE(weir_column, 72);
AT(weir_column, type, 0);
AT(weir_column, width, 4);
AT(weir_column, length, 8);
AT(weir_column, bit_offset, 16);
AT(weir_column, validity, 24);
AT(weir_column, values, 32);
AT(weir_column, offsets, 40);
AT(weir_column, bytes, 48);
AT(weir_column, schema, 56);
AT(weir_column, array, 64);

SIZE(weir_builder, 128);
AT(weir_builder, type, 0);
AT(weir_builder, width, 4);
AT(weir_builder, length, 8);
AT(weir_builder, capacity, 16);
AT(weir_builder, null_count, 24);
AT(weir_builder, validity, 32);
AT(weir_builder, values, 40);
AT(weir_builder, offsets, 48);
AT(weir_builder, bytes, 56);
AT(weir_builder, n_bytes, 64);
AT(weir_builder, byte_capacity, 72);
AT(weir_builder, children, 80);
AT(weir_builder, n_children, 88);
AT(weir_builder, grow, 96);
AT(weir_builder, put_null, 104);
AT(weir_builder, refuse, 112);
AT(weir_builder, host_data, 120);

SIZE(weir_port, 40);
AT(weir_port, name, 0);
AT(weir_port, type, 8);
AT(weir_port, flags, 16);
AT(weir_port, names, 24);
AT(weir_port, help, 32);

SIZE(weir_list, 24);
AT(weir_list, count, 0);
AT(weir_list, items, 8);
AT(weir_list, numbers, 16);

SIZE(weir_map, 32);
AT(weir_map, count, 0);
AT(weir_map, keys, 8);
AT(weir_map, values, 16);
AT(weir_map, numbers, 24);

SIZE(weir_option, 64);
AT(weir_option, name, 0);
AT(weir_option, type, 8);
AT(weir_option, flags, 12);
AT(weir_option, offset, 16);
AT(weir_option, by_default, 24);
AT(weir_option, min, 32);
AT(weir_option, max, 40);
AT(weir_option, choices, 48);
AT(weir_option, help, 56);

SIZE(weir_stage, 16);
AT(weir_stage, host, 0);
AT(weir_stage, state, 8);

SIZE(weir_batch, 32);
AT(weir_batch, host, 0);
AT(weir_batch, stage, 8);
AT(weir_batch, columns, 16);
AT(weir_batch, n_columns, 24);

SIZE(weir_field, 16);
AT(weir_field, name, 0);
AT(weir_field, type, 8);

SIZE(weir_spill, 8);
AT(weir_spill, host, 0);

SIZE(weir_row, 16);
AT(weir_row, batch, 0);
AT(weir_row, row, 8);

SIZE(weir_host, 464);
AT(weir_host, size, 0);
AT(weir_host, abi_major, 4);
AT(weir_host, abi_minor, 6);
AT(weir_host, fail, 8);
AT(weir_host, log, 16);
AT(weir_host, reject, 24);
AT(weir_host, progress, 32);
AT(weir_host, metric, 40);
AT(weir_host, message, 48);
AT(weir_host, outcome, 56);
AT(weir_host, cancelled, 64);
AT(weir_host, alloc, 72);
AT(weir_host, reserve, 80);
AT(weir_host, unreserve, 88);
AT(weir_host, scratch, 96);
AT(weir_host, cache, 104);
AT(weir_host, seed, 112);
AT(weir_host, started, 120);
AT(weir_host, given, 128);
AT(weir_host, identity, 136);
AT(weir_host, inputs, 144);
AT(weir_host, input_source, 152);
AT(weir_host, input_schema, 160);
AT(weir_host, input_column, 168);
AT(weir_host, outputs, 176);
AT(weir_host, output_used, 184);
AT(weir_host, output_schema, 192);
AT(weir_host, declare, 200);
AT(weir_host, emit, 208);
AT(weir_host, batch_new, 216);
AT(weir_host, derive, 224);
AT(weir_host, batch_send, 232);
AT(weir_host, batch_drop, 240);
AT(weir_host, select, 248);
AT(weir_host, table_rows, 256);
AT(weir_host, table_batches, 264);
AT(weir_host, table_batch, 272);
AT(weir_host, artifact_begin, 280);
AT(weir_host, artifact_finish, 288);
AT(weir_host, artifact_drop, 296);
AT(weir_host, run_path, 304);
AT(weir_host, output, 312);
AT(weir_host, threads, 320);
AT(weir_host, parallel, 328);
AT(weir_host, comm_rank, 336);
AT(weir_host, comm_size, 344);
AT(weir_host, comm_sum, 352);
AT(weir_host, comm_gather, 360);
AT(weir_host, comm_barrier, 368);
AT(weir_host, spill_begin, 376);
AT(weir_host, spill_add, 384);
AT(weir_host, spill_finish, 392);
AT(weir_host, spill_rows, 400);
AT(weir_host, spill_batches, 408);
AT(weir_host, spill_batch, 416);
AT(weir_host, spill_drop, 424);
AT(weir_host, gather, 432);
AT(weir_host, record_limit, 440);
AT(weir_host, sources, 448);
AT(weir_host, arrange, 456);

SIZE(weir_random, 8);
AT(weir_random, state, 0);

SIZE(weir_class, 144);
AT(weir_class, name, 0);
AT(weir_class, summary, 8);
AT(weir_class, help, 16);
AT(weir_class, in, 24);
AT(weir_class, n_in, 32);
AT(weir_class, n_out, 36);
AT(weir_class, out, 40);
AT(weir_class, options, 48);
AT(weir_class, n_options, 56);
AT(weir_class, threads, 60);
AT(weir_class, state_size, 64);
AT(weir_class, least_memory, 72);
AT(weir_class, flags, 80);
AT(weir_class, reserved, 84);
AT(weir_class, open, 88);
AT(weir_class, schema, 96);
AT(weir_class, fingerprint, 104);
AT(weir_class, process, 112);
AT(weir_class, end, 120);
AT(weir_class, produce, 128);
AT(weir_class, close, 136);

SIZE(weir_plugin, 80);
AT(weir_plugin, magic, 0);
AT(weir_plugin, size, 8);
AT(weir_plugin, abi_major, 12);
AT(weir_plugin, abi_minor, 14);
AT(weir_plugin, class_size, 16);
AT(weir_plugin, port_size, 20);
AT(weir_plugin, option_size, 24);
AT(weir_plugin, n_classes, 28);
AT(weir_plugin, name, 32);
AT(weir_plugin, version, 40);
AT(weir_plugin, licence, 48);
AT(weir_plugin, vendor, 56);
AT(weir_plugin, summary, 64);
AT(weir_plugin, classes, 72);

SIZE(weir_note, 36);
AT(weir_note, name_size, 0);
AT(weir_note, desc_size, 4);
AT(weir_note, type, 8);
AT(weir_note, name, 12);
AT(weir_note, magic_low, 20);
AT(weir_note, magic_high, 24);
AT(weir_note, abi_major, 28);
AT(weir_note, abi_minor, 32);

#endif

int
main(void)
{
  return 0;
}
