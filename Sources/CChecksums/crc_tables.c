#include "crc_tables.h"

crc64_tables martlet_crc64nvme_tables;
crc32_tables martlet_crc32_tables;
crc32_tables martlet_crc32c_tables;

// Polynomials in reflected form. NVM Command Set specification (CRC64NVME), IEEE 802.3, RFC 3720.
#define CRC64NVME_POLYNOMIAL 0x9a6c9329ac4bc9b5ull
#define CRC32_POLYNOMIAL 0xedb88320u
#define CRC32C_POLYNOMIAL 0x82f63b78u

static void fill64(crc64_tables *tables, uint64_t polynomial) {
  for (uint64_t byte = 0; byte < 256; byte++) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    tables->entries[0][byte] = crc;
  }
  for (int slice = 1; slice < CRC_SLICES; slice++) {
    for (int byte = 0; byte < 256; byte++) {
      uint64_t before = tables->entries[slice - 1][byte];
      tables->entries[slice][byte] = (before >> 8) ^ tables->entries[0][before & 0xff];
    }
  }
}

static void fill32(crc32_tables *tables, uint32_t polynomial) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    tables->entries[0][byte] = crc;
  }
  for (int slice = 1; slice < CRC_SLICES; slice++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t before = tables->entries[slice - 1][byte];
      tables->entries[slice][byte] = (before >> 8) ^ tables->entries[0][before & 0xff];
    }
  }
}

// Before main, so that no reader needs a lock; it takes some 20 microseconds.
__attribute__((constructor)) static void fill_tables(void) {
  fill64(&martlet_crc64nvme_tables, CRC64NVME_POLYNOMIAL);
  fill32(&martlet_crc32_tables, CRC32_POLYNOMIAL);
  fill32(&martlet_crc32c_tables, CRC32C_POLYNOMIAL);
}
