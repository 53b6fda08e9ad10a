    {.name = "check", .summary = "Reject texts that are too long", .in = inputs, .n_in = 1,
     .out = checked, .n_out = 1, .options = options, .n_options = 2, .threads = WEIR_PARALLEL,
     .state_size = sizeof(struct state), .process = check},
