#pragma once

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

// Reflected CRCs over `length` bytes. `crc` is the register, that is, the checksum before its final
// inversion: start with all bits set, invert the last result.

uint32_t martlet_crc32(uint32_t crc, const void *bytes, size_t length);
uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t length);

/// The fastest of the two below that this processor can run.
uint64_t martlet_crc64nvme(uint64_t crc, const void *bytes, size_t length);
uint64_t martlet_crc64nvme_table(uint64_t crc, const void *bytes, size_t length);
/// Only where `martlet_crc64nvme_has_clmul()`.
uint64_t martlet_crc64nvme_clmul(uint64_t crc, const void *bytes, size_t length);
bool martlet_crc64nvme_has_clmul(void);
