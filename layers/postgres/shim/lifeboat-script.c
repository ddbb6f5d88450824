/* Reads a data-only script of pg_restore or pg_dump, in pieces of any size, and has its rows counted.
 *
 * A statement is kept if it begins with one of HEADS, and given to whoever feeds the script. What
 * follows `COPY ... FROM stdin;` are rows. All else counts nothing, and is skipped to its line's end.
 * Names and texts may have line ends, so a statement that begins a table's rows or sets a sequence
 * ends where no quote is open. What copy_rows.py says of a script holds here too.
 *
 * What it reads may be hostile: nothing is allocated, and no statement longer than its room is kept.
 */

#include <string.h>

#include "lifeboat-counter.h"

enum { REPORT_BYTES = 1 << 20 }; /* of rows; who watches is told at least that often */

enum { UNKNOWN, COPY, SETVAL, LO_OPEN, LOWRITE, KINDS, SKIPPED };

static const struct {
    const char *text;
    unsigned char quote; /* that may be open at a line's end */
} HEADS[KINDS] = {
    [COPY] = {"COPY ", '"'},
    [SETVAL] = {"SELECT pg_catalog.setval(", '\''},
    [LO_OPEN] = {"SELECT pg_catalog.lo_open(", 0},
    [LOWRITE] = {"SELECT pg_catalog.lowrite(", 0},
};

enum { LONGEST_HEAD = sizeof "SELECT pg_catalog.lo_open(" - 1 };

static unsigned kind_of(const unsigned char *statement, size_t size)
{
    for (unsigned kind = COPY; kind < KINDS; kind++) {
        const size_t length = strlen(HEADS[kind].text);
        if (size >= length && memcmp(statement, HEADS[kind].text, length) == 0)
            return kind;
    }
    return SKIPPED;
}

static bool is_odd(const unsigned char *at, const unsigned char *end, unsigned char byte)
{
    bool odd = false;
    for (; at < end; at++)
        odd ^= *at == byte;
    return odd;
}

/* What a statement has left to read. */
struct text { const unsigned char *at, *end; };

static bool skipped(struct text *text, const char *expected)
{
    const size_t size = strlen(expected);
    if ((size_t)(text->end - text->at) < size || memcmp(text->at, expected, size) != 0)
        return false;
    text->at += size;
    return true;
}

static inline bool is_plain(unsigned char byte)
{
    return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

/* Reads an identifier, and adds it without its quotes to `name`. */
static bool read_name(struct text *text, struct hash *name)
{
    const unsigned char *const begin = text->at;
    if (!skipped(text, "\"")) {
        while (text->at < text->end && is_plain(*text->at))
            text->at++;
        lifeboat_hash_add(name, begin, text->at - begin);
        return text->at > begin && !(*begin >= '0' && *begin <= '9');
    }
    for (;;) {
        const unsigned char *const quote = memchr(text->at, '"', text->end - text->at);
        if (quote == NULL)
            return false;
        const bool doubled = quote + 1 < text->end && quote[1] == '"';
        lifeboat_hash_add(name, text->at, quote - text->at + doubled);
        text->at = quote + 1 + doubled;
        if (!doubled)
            return text->at > begin + 2; /* "" is no name */
    }
}

static void end_badly(struct script *script, enum event event)
{
    script->event = event;
    script->is_over = true;
}

/* Reads `COPY schema.table (columns) FROM stdin;`. True if it is that, and begins rows. */
static bool begin_rows(struct script *script)
{
    struct text text = {script->statement, script->statement + script->used};
    struct hash ignored = column_name();
    if (!(skipped(&text, HEADS[COPY].text) && read_name(&text, &ignored) && skipped(&text, ".") &&
          read_name(&text, &ignored) && skipped(&text, " ")))
        return false;
    rows_begin(&script->rows);
    bool fits = true;
    if (skipped(&text, "(")) {
        do {
            struct hash name = column_name();
            if (!read_name(&text, &name))
                return false;
            fits = fits && rows_column(&script->rows, &name);
        } while (skipped(&text, ", "));
        if (!skipped(&text, ")"))
            return false;
    }
    if (!skipped(&text, " FROM stdin;\n")) /* the first line end outside of quotes: no more comes */
        return false;
    if (!fits)
        end_badly(script, TOO_WIDE);
    return fits;
}

static void end_statement(struct script *script)
{
    script->event = STATEMENT;
    if (script->kind == COPY && begin_rows(script)) {
        script->in_rows = true;
        script->reported = 0;
        script->counted = (struct counted){0};
    }
    script->kind = UNKNOWN;
}

/* Adds what comes to the statement, up to the line's end. Returns how many bytes that are. */
static size_t read_statement(struct script *script, const unsigned char *at, size_t size)
{
    const size_t most = script->kind == UNKNOWN ? LONGEST_HEAD : STATEMENT_BYTES;
    unsigned char *added = script->statement + script->used;
    if (script->used == most) {
        end_badly(script, TOO_LONG);
        return 0;
    }
    if (size > most - script->used)
        size = most - script->used;
    const unsigned char *const line_end = memchr(at, '\n', size);
    if (line_end)
        size = line_end + 1 - at;
    memcpy(added, at, size);
    script->used += size;
    if (script->kind == UNKNOWN) {
        if (!line_end && script->used < most)
            return size;
        script->kind = kind_of(script->statement, script->used);
        script->odd = false;
        added = script->statement;
    }
    if (script->kind == SKIPPED) {
        script->used = 0;
        script->kind = line_end ? UNKNOWN : SKIPPED;
        return size;
    }
    if (HEADS[script->kind].quote)
        script->odd ^= is_odd(added, script->statement + script->used, HEADS[script->kind].quote);
    if (line_end && !script->odd)
        end_statement(script);
    return size;
}

static size_t skip_line(struct script *script, const unsigned char *at, size_t size)
{
    const unsigned char *const line_end = memchr(at, '\n', size);
    if (line_end == NULL)
        return size;
    script->kind = UNKNOWN;
    return line_end + 1 - at;
}

static size_t read_rows(struct script *script, const unsigned char *at, size_t size)
{
    const struct rows *const rows = &script->rows;
    struct counted *const counted = &script->counted;
    const uint64_t left = script->reported + REPORT_BYTES - counted->bytes;
    size = rows_feed(&script->rows, at, size < left ? size : left);
    counted->bytes += size;
    if (rows->ended || size == left) {
        script->event = ROWS;
        script->reported = counted->bytes;
        script->in_rows = !rows->ended;
        counted->rows = rows->count;
        counted->sum = rows->sum;
        counted->longest = rows->longest;
        counted->ended = rows->ended;
    }
    return size;
}

size_t lifeboat_script_size(void) { return sizeof(struct script); }

void lifeboat_script_begin(struct script *script)
{
    memset(script, 0, offsetof(struct script, rows));
}

size_t lifeboat_script_feed(struct script *script, const unsigned char *data, size_t size)
{
    const unsigned char *at = data, *const end = data + size;
    if (script->event == STATEMENT)
        script->used = 0;
    script->event = NOTHING;
    if (script->is_over)
        return 0;
    while (at < end && script->event == NOTHING) {
        if (script->in_rows)
            at += read_rows(script, at, end - at);
        else if (script->kind == SKIPPED)
            at += skip_line(script, at, end - at);
        else
            at += read_statement(script, at, end - at);
    }
    return at - data;
}

enum event lifeboat_script_event(
    const struct script *script, const unsigned char **data, size_t *size)
{
    const bool is_statement = script->event == STATEMENT;
    *data = is_statement ? script->statement : (const unsigned char *)&script->counted;
    *size = is_statement ? script->used : script->event == ROWS ? sizeof script->counted : 0;
    return script->event;
}

int lifeboat_script_is_whole(const struct script *script)
{
    return !script->is_over && !script->in_rows && script->kind == UNKNOWN &&
           (script->used == 0 || script->event == STATEMENT);
}
