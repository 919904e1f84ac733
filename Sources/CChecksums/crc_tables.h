#pragma once

#include <stdint.h>

enum { CRC_SLICES = 8 };

/// Slicing-by-8 tables of one polynomial: `entries[s][b]` is byte `b` followed by `s` zero bytes.
typedef struct {
  uint64_t entries[CRC_SLICES][256];
} crc64_tables;

typedef struct {
  uint32_t entries[CRC_SLICES][256];
} crc32_tables;

extern crc64_tables martlet_crc64nvme_tables;
extern crc32_tables martlet_crc32_tables;
extern crc32_tables martlet_crc32c_tables;
