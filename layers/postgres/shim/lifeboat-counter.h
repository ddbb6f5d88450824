/* What the parts of the counter share: see lifeboat-counter.c, lifeboat-script.c, lifeboat-events.c. */

#ifndef LIFEBOAT_COUNTER_H
#define LIFEBOAT_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Words are loaded as SipHash wants them only on little-endian machines."
#endif

enum { MAX_COLUMNS = 1600 }; /* MaxHeapAttributeNumber in PostgreSQL's htup_details.h */

enum { WORD = sizeof(uint64_t) };

struct number { uint64_t low, high; };

/* The hash of bytes that have not all come yet. */
struct hash {
    uint64_t v0, v1, v2, v3;
    uint64_t length; /* in bytes; its last three bits say how many are in `rest` */
    uint64_t rest;
};

/* The rows of one table. */
struct rows {
    uint64_t count;
    struct number sum;
    bool ended; /* whether the line `\.` has come */
    uint64_t longest; /* bytes of the longest row, with its line end */
    uint64_t length; /* of the row that has begun, as far as it has come */
    uint64_t columns;
    uint64_t column; /* that `field` belongs to */
    struct number row; /* the sum of the fields before it */
    struct hash field;
    struct number keys[MAX_COLUMNS + 1]; /* the last is for fields beyond the columns */
};

/* Begins the rows of a table without columns. */
HIDDEN void rows_begin(struct rows *rows);

/* Begins a column's name, to which lifeboat_hash_add() adds its bytes. */
HIDDEN struct hash column_name(void);

/* Adds the table's next column. False if there are as many as a table can have. */
HIDDEN bool rows_column(struct rows *rows, const struct hash *name);

/* Reads from `data` up to its end, or to behind the end marker. Returns how many bytes that are. */
HIDDEN size_t rows_feed(struct rows *rows, const unsigned char *data, size_t size);

void lifeboat_hash_add(struct hash *hash, const unsigned char *data, size_t size);

enum { STATEMENT_BYTES = 1 << 20 }; /* 1,600 columns with the longest names need less than half */

/* What a script has, in the order in which it comes. */
enum event {
    NOTHING,
    STATEMENT, /* its text */
    ROWS,      /* `struct counted`: of the table of the statement before, as far as it has come */
    END,       /* the script ended behind a whole statement */
    TOO_LONG,  /* a statement */
    TOO_WIDE,  /* a table; after this and the one above nothing more comes */
};

/* Read from outside, like the events: native_counter.py. */
struct counted {
    uint64_t rows;
    struct number sum;
    uint64_t longest;
    uint64_t bytes; /* of the rows, with the end marker if it has come */
    uint64_t ended;
};

/* A script that is being read. */
struct script {
    enum event event;
    bool is_over; /* after TOO_LONG or TOO_WIDE */
    bool in_rows;
    bool odd; /* whether a quote is open */
    unsigned kind; /* of the statement, or line, that has begun */
    size_t used; /* bytes of it that are kept */
    uint64_t reported; /* bytes of the rows at the last event */
    struct counted counted;
    struct rows rows;
    unsigned char statement[STATEMENT_BYTES];
};

/* Begins a script; where `script` is all zeros, it has begun. */
void lifeboat_script_begin(struct script *script);

/* Reads from `data` up to its end, or to behind an event. Returns how many bytes that are; none after
 * TOO_LONG and TOO_WIDE. */
size_t lifeboat_script_feed(struct script *script, const unsigned char *data, size_t size);

/* The event behind which the last call stopped, and what belongs to it until the next call. */
enum event lifeboat_script_event(
    const struct script *script, const unsigned char **data, size_t *size);

/* Whether the script may end here. */
int lifeboat_script_is_whole(const struct script *script);

#endif
