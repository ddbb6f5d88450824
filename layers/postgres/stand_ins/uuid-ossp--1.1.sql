/* A stand-in for contrib/uuid-ossp 1.1, whose module needs a library that no wheel has.
 *
 * Same functions, for restores into a throw-away server. The named ones (v3, v5) give the very
 * same values, since indexes and generated columns may hold them. The others give random ones
 * (version 4): nobody can foretell the original's either.
 */

\echo Use '''CREATE EXTENSION "uuid-ossp"''' to load this file. \quit

-- RFC 9562, section 5.9 and appendix A of RFC 4122
CREATE FUNCTION uuid_nil() RETURNS uuid
IMMUTABLE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
IMMUTABLE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
IMMUTABLE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
IMMUTABLE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
IMMUTABLE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid
VOLATILE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
VOLATILE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
VOLATILE STRICT LANGUAGE sql PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

-- RFC 9562, section 5.3: MD5 of namespace and name, with version and variant written over it.
CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT LANGUAGE plpgsql PARALLEL SAFE
SET search_path = pg_catalog
AS $$
DECLARE
  hash bytea := decode(
    md5(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 'hex');
BEGIN
  hash := set_byte(hash, 6, (get_byte(hash, 6) & 15) | 48);
  hash := set_byte(hash, 8, (get_byte(hash, 8) & 63) | 128);
  RETURN encode(hash, 'hex')::uuid;
END $$;

-- RFC 9562, section 5.5: the same with SHA-1, which PostgreSQL has in pgcrypto only. So it is
-- spelled out here (RFC 3174, section 6.1), with words of 32 bits kept in a bigint.
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT LANGUAGE plpgsql PARALLEL SAFE
SET search_path = pg_catalog
AS $$
DECLARE
  word CONSTANT bigint := 4294967295;
  message bytea := uuid_send(namespace) || convert_to(name, getdatabaseencoding());
  zeros CONSTANT int := (119 - length(message) % 64) % 64;
  h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
  w bigint[];
  a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; next bigint;
  hash bytea;
BEGIN
  message := message || '\x80'::bytea || decode(repeat('00', zeros), 'hex')
    || int8send(8 * length(message));
  FOR block IN 0 .. length(message) / 64 - 1 LOOP
    FOR t IN 0 .. 15 LOOP
      w[t] := ('x' || encode(substr(message, block * 64 + t * 4 + 1, 4), 'hex'))::bit(32)::bigint;
    END LOOP;
    FOR t IN 16 .. 79 LOOP
      next := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
      w[t] := ((next << 1) & word) | (next >> 31);
    END LOOP;
    a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
    FOR t IN 0 .. 79 LOOP
      f := CASE t / 20
        WHEN 0 THEN ((b & c) | ((b # word) & d)) + 1518500249
        WHEN 1 THEN (b # c # d) + 1859775393
        WHEN 2 THEN ((b & c) | (b & d) | (c & d)) + 2400959708
        ELSE (b # c # d) + 3395469782
      END;
      next := ((((a << 5) & word) | (a >> 27)) + f + e + w[t]) & word;
      e := d; d := c; c := ((b << 30) & word) | (b >> 2); b := a; a := next;
    END LOOP;
    h := ARRAY[
      (h[1] + a) & word, (h[2] + b) & word, (h[3] + c) & word, (h[4] + d) & word, (h[5] + e) & word
    ];
  END LOOP;
  hash := int4send(h[1]::bit(32)::int) || int4send(h[2]::bit(32)::int)
    || int4send(h[3]::bit(32)::int) || int4send(h[4]::bit(32)::int);
  hash := set_byte(hash, 6, (get_byte(hash, 6) & 15) | 80);
  hash := set_byte(hash, 8, (get_byte(hash, 8) & 63) | 128);
  RETURN encode(hash, 'hex')::uuid;
END $$;
