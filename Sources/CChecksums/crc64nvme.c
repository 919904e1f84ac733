#include <string.h>

#include "CChecksums.h"
#include "crc_tables.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The checksums read words as little-endian."
#endif

uint64_t martlet_crc64nvme_table(uint64_t crc, const void *bytes, size_t length) {
  const crc64_tables *tables = &martlet_crc64nvme_tables;
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

#if defined(__x86_64__)
#include <immintrin.h>

#define CLMUL __attribute__((target("sse4.1,pclmul")))

// A register of 128 bits moved D bits ahead is low * x^(D+63) + high * x^(D-1) mod P (reflected order,
// whose products are one bit short). For D = 1024 (eight lanes of 16 bytes) and D = 128 (one block):
#define FOLD_1024_LOW 0xa1ca681e733f9c40
#define FOLD_1024_HIGH 0x5f852fb61e8d92dc
#define FOLD_128_LOW 0xeadc41fd2ba3d420
#define FOLD_128_HIGH 0x21e9761e252621ac

// Macros, not functions: a debug build inlines nothing and spills every argument.
#define LOAD(offset) _mm_loadu_si128((const __m128i *)(const void *)(next + (offset)))
#define FOLD(lane, by, data)                                      \
  _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(lane, by, 0x00), \
                              _mm_clmulepi64_si128(lane, by, 0x11)), data)

CLMUL uint64_t martlet_crc64nvme_clmul(uint64_t crc, const void *bytes, size_t length) {
  const uint8_t *next = bytes;
  if (length < 128) return martlet_crc64nvme_table(crc, bytes, length);

  const __m128i by1024 = _mm_set_epi64x((long long)FOLD_1024_HIGH, (long long)FOLD_1024_LOW);
  const __m128i by128 = _mm_set_epi64x((long long)FOLD_128_HIGH, (long long)FOLD_128_LOW);
  __m128i a = _mm_xor_si128(LOAD(0), _mm_set_epi64x(0, (long long)crc));
  __m128i b = LOAD(16), c = LOAD(32), d = LOAD(48);
  __m128i e = LOAD(64), f = LOAD(80), g = LOAD(96), h = LOAD(112);
  next += 128;
  length -= 128;
  while (length >= 128) {
    a = FOLD(a, by1024, LOAD(0));
    b = FOLD(b, by1024, LOAD(16));
    c = FOLD(c, by1024, LOAD(32));
    d = FOLD(d, by1024, LOAD(48));
    e = FOLD(e, by1024, LOAD(64));
    f = FOLD(f, by1024, LOAD(80));
    g = FOLD(g, by1024, LOAD(96));
    h = FOLD(h, by1024, LOAD(112));
    next += 128;
    length -= 128;
  }
  b = FOLD(a, by128, b);
  c = FOLD(b, by128, c);
  d = FOLD(c, by128, d);
  e = FOLD(d, by128, e);
  f = FOLD(e, by128, f);
  g = FOLD(f, by128, g);
  h = FOLD(g, by128, h);
  while (length >= 16) {
    h = FOLD(h, by128, LOAD(0));
    next += 16;
    length -= 16;
  }
  // What is left has the remainder of everything folded into it: sixteen bytes of message.
  uint8_t rest[16];
  _mm_storeu_si128((__m128i *)(void *)rest, h);
  return martlet_crc64nvme_table(martlet_crc64nvme_table(0, rest, sizeof rest), next, length);
}

bool martlet_crc64nvme_has_clmul(void) {
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

#else

uint64_t martlet_crc64nvme_clmul(uint64_t crc, const void *bytes, size_t length) {
  return martlet_crc64nvme_table(crc, bytes, length);
}

bool martlet_crc64nvme_has_clmul(void) { return false; }

#endif

uint64_t martlet_crc64nvme(uint64_t crc, const void *bytes, size_t length) {
  return martlet_crc64nvme_has_clmul() ? martlet_crc64nvme_clmul(crc, bytes, length)
                                       : martlet_crc64nvme_table(crc, bytes, length);
}
