#include <string.h>

#include "CChecksums.h"
#include "crc_tables.h"

static uint32_t update(const crc32_tables *tables, uint32_t crc, const void *bytes, size_t length) {
  const uint8_t *next = bytes;
  while (length >= 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    word ^= crc;
    crc = tables->entries[7][word & 0xff] ^ tables->entries[6][(word >> 8) & 0xff]
        ^ tables->entries[5][(word >> 16) & 0xff] ^ tables->entries[4][(word >> 24) & 0xff]
        ^ tables->entries[3][(word >> 32) & 0xff] ^ tables->entries[2][(word >> 40) & 0xff]
        ^ tables->entries[1][(word >> 48) & 0xff] ^ tables->entries[0][word >> 56];
    next += 8;
    length -= 8;
  }
  while (length-- > 0) crc = (crc >> 8) ^ tables->entries[0][(crc ^ *next++) & 0xff];
  return crc;
}

uint32_t martlet_crc32(uint32_t crc, const void *bytes, size_t length) {
  return update(&martlet_crc32_tables, crc, bytes, length);
}

uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t length) {
  return update(&martlet_crc32c_tables, crc, bytes, length);
}
