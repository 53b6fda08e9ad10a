/* SPDX-License-Identifier: MIT */
/* Settings of BLAS libraries, which they read from the environment when they are loaded. */
#ifndef WEIR_CORE_BLAS_ENV_H
#define WEIR_CORE_BLAS_ENV_H

/* Set them, once a process, before the first plugin is opened. Not while another thread reads the
 * environment. */
void weir_blas_environment(void);

#endif
