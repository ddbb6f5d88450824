/* Counts rows of COPY's text format, and makes a digest of them that their order does not change.
 *
 * The reader of a script (lifeboat-script.c) gives it what lies between `COPY ... FROM stdin;` and
 * the line `\.`, in pieces of any size.
 *
 *   field   SipHash-128 of its escaped bytes, keyed with the column's name
 *   row     SipHash-128 of the sum of its fields, so that the order of the columns does not matter,
 *           but which values stand together does
 *   table   sum of its rows; the same row twice counts twice
 *
 * All sums are modulo 2^128. docs/decisions/0025-what-a-digest-of-rows-is.md says why it is so.
 *
 * What it reads may be hostile: nothing is allocated, no line is kept, and whatever the length of
 * the input says is read, but not more.
 *
 * SipHash is by Jean-Philippe Aumasson and Daniel J. Bernstein; this is SipHash-1-3 with 128 bits
 * of output, after the reference in the public domain (CC0): https://github.com/veorq/SipHash
 */

#include <stddef.h>
#include <string.h>

#include "lifeboat-counter.h"

static const struct number OF_NAMES = {0x74616f626566696c, 0x656d616e2061203a};
static const struct number OF_ROWS = {0x74616f626566696c, 0x00776f722061203a};

static inline uint64_t rotated(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void mix(struct hash *h)
{
    h->v0 += h->v1; h->v1 = rotated(h->v1, 13); h->v1 ^= h->v0; h->v0 = rotated(h->v0, 32);
    h->v2 += h->v3; h->v3 = rotated(h->v3, 16); h->v3 ^= h->v2;
    h->v0 += h->v3; h->v3 = rotated(h->v3, 21); h->v3 ^= h->v0;
    h->v2 += h->v1; h->v1 = rotated(h->v1, 17); h->v1 ^= h->v2; h->v2 = rotated(h->v2, 32);
}

static inline struct hash begun(struct number key)
{
    return (struct hash){
        .v0 = key.low ^ 0x736f6d6570736575,
        .v1 = key.high ^ 0x646f72616e646f6d ^ 0xee,
        .v2 = key.low ^ 0x6c7967656e657261,
        .v3 = key.high ^ 0x7465646279746573,
    };
}

static inline void add_word(struct hash *h, uint64_t word)
{
    h->v3 ^= word;
    mix(h);
    h->v0 ^= word;
}

static inline uint64_t folded(const struct hash *h) { return h->v0 ^ h->v1 ^ h->v2 ^ h->v3; }

static inline struct number finished(struct hash h)
{
    struct number out;
    add_word(&h, h.length << 56 | h.rest);
    h.v2 ^= 0xee;
    mix(&h); mix(&h); mix(&h);
    out.low = folded(&h);
    h.v1 ^= 0xdd;
    mix(&h); mix(&h); mix(&h);
    out.high = folded(&h);
    return out;
}

static inline void add_byte(struct hash *h, unsigned char byte)
{
    h->rest |= (uint64_t)byte << 8 * (h->length % WORD);
    if (++h->length % WORD == 0) {
        add_word(h, h->rest);
        h->rest = 0;
    }
}

static inline uint64_t loaded(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, WORD);
    return word;
}

static void add_bytes(struct hash *h, const unsigned char *at, const unsigned char *end)
{
    while (at < end && h->length % WORD)
        add_byte(h, *at++);
    for (; end - at >= WORD; at += WORD, h->length += WORD)
        add_word(h, loaded(at));
    while (at < end)
        add_byte(h, *at++);
}

static inline void add_to(struct number *sum, struct number more)
{
    sum->low += more.low;
    sum->high += more.high + (sum->low < more.low);
}

static struct number key_of(const unsigned char *name, size_t size)
{
    struct hash h = begun(OF_NAMES);
    add_bytes(&h, name, name + size);
    return finished(h);
}

/* A word in which the lowest bit that is set is in the first byte of `word` that is `byte`; none if
 * it has no such byte. */
static inline uint64_t marked(uint64_t word, unsigned char byte)
{
    const uint64_t ones = 0x0101010101010101, different = word ^ ones * byte;
    return (different - ones) & ~different & ones << 7;
}

/* Whether a byte of `word` is below 0x0b, as tabs and line ends are, and little else in rows. Half of
 * the work of looking for each of the two. */
static inline int may_stop(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    return ((word - ones * 0x0b) & ~word & ones << 7) != 0;
}

/* Adds the first word, and those after it up to one that may have the field's end. Returns where that
 * is, or where less than a word is left. */
static inline const unsigned char *add_words(
    struct hash *field, const unsigned char *at, const unsigned char *end)
{
    const unsigned char *const begin = at;
    do {
        add_word(field, loaded(at));
        at += WORD;
    } while (end - at >= WORD && !may_stop(loaded(at)));
    field->length += at - begin;
    return at;
}

static inline struct hash new_field(const struct rows *rows)
{
    return begun(rows->keys[rows->column < rows->columns ? rows->column : rows->columns]);
}

static void end_row(struct rows *rows, uint64_t length)
{
    struct hash h = begun(OF_ROWS);
    add_word(&h, rows->row.low);
    add_word(&h, rows->row.high);
    h.length = 2 * WORD;
    add_to(&rows->sum, finished(h));
    rows->count++;
    if (rows->longest < length)
        rows->longest = length;
    rows->row = (struct number){0, 0};
    rows->column = 0;
}

/* Whether the line that ends now is `\.`. In a row it can't be: there a backslash is doubled. */
static int is_end_marker(const struct rows *rows, const struct hash *field)
{
    return rows->column == 0 && field->length == 2 && field->rest == ('\\' | '.' << 8);
}

void rows_begin(struct rows *rows)
{
    memset(rows, 0, offsetof(struct rows, keys));
    rows->keys[0] = (struct number){0, 0};
    rows->field = new_field(rows);
}

struct hash column_name(void) { return begun(OF_NAMES); }

bool rows_column(struct rows *rows, const struct hash *name)
{
    if (rows->columns == MAX_COLUMNS)
        return false;
    rows->keys[rows->columns++] = finished(*name);
    rows->keys[rows->columns] = (struct number){0, 0};
    rows->field = new_field(rows);
    return true;
}

size_t rows_feed(struct rows *rows, const unsigned char *data, size_t size)
{
    const unsigned char *at = data, *end = data + size;
    /* Where the row begins, as if the piece before were right before this one. */
    uint64_t begin = (uint64_t)(uintptr_t)data - rows->length;
    struct hash field = rows->field; /* here the compiler keeps it in registers */

    while (at < end && !rows->ended) {
        if (field.length % WORD == 0 && end - at >= WORD) {
            const uint64_t word = loaded(at), stops = marked(word, '\t') | marked(word, '\n');
            if (!stops) {
                at = add_words(&field, at, end);
                continue;
            }
            const int before = __builtin_ctzll(stops) / 8;
            field.rest = before ? word << (64 - 8 * before) >> (64 - 8 * before) : 0;
            field.length += before;
            at += before;
        } else if (*at != '\t' && *at != '\n') {
            add_byte(&field, *at++);
            continue;
        }
        if (*at == '\n' && is_end_marker(rows, &field)) {
            rows->ended = 1;
        } else {
            add_to(&rows->row, finished(field));
            if (*at == '\n') {
                const uint64_t after = (uintptr_t)at + 1;
                end_row(rows, after - begin);
                begin = after;
            } else {
                rows->column++;
            }
        }
        at++;
        field = new_field(rows);
    }
    rows->length = (uintptr_t)at - begin;
    rows->field = field;
    return at - data;
}

size_t lifeboat_hash_size(void) { return sizeof(struct hash); }

/* Begins the hash of something that has a name. */
void lifeboat_hash_begin(struct hash *hash, const unsigned char *name, size_t size)
{
    *hash = begun(key_of(name, size));
}

void lifeboat_hash_add(struct hash *hash, const unsigned char *data, size_t size)
{
    add_bytes(hash, data, data + size);
}

void lifeboat_hash_end(const struct hash *hash, struct number *into)
{
    *into = finished(*hash);
}
