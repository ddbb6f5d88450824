"""Which roles an archive's definitions need."""

from lifeboat.restore.policy.required_roles import NeededRoles, needed_roles

SCRIPT = '''\
CREATE TABLE public.t (id integer);
ALTER TABLE public.t OWNER TO app;
ALTER FUNCTION public.f(text) OWNER TO "the Owner";
CREATE FUNCTION public.g() RETURNS text LANGUAGE sql AS $$
ALTER TABLE public.t OWNER TO nobody_real;
$$;
GRANT SELECT ON TABLE public.t TO reader;
GRANT ALL ON SCHEMA public TO PUBLIC;
GRANT SELECT(id) ON TABLE public.t TO "with ""quotes""" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE deployer IN SCHEMA public GRANT SELECT ON TABLES TO analyst;
REVOKE ALL ON TABLE public.t FROM app;
SET SESSION AUTHORIZATION grantor;
CREATE POLICY "to nobody TO you" ON public.t FOR SELECT TO authenticated, "an on" USING (true);
CREATE POLICY all_of_them ON public.t USING ((note = ' TO nobody_real '::text));
CREATE USER MAPPING FOR mapped SERVER far OPTIONS (
'''
KNOWN = {"app", "the Owner", "reader", 'with "quotes"', "deployer", "analyst", "unused"}
KNOWN |= {"grantor", "authenticated", "an on", "mapped", "nobody"}


def test_owners_and_those_who_are_granted_something_are_needed() -> None:
    assert needed_roles(SCRIPT, KNOWN) == NeededRoles(
        owners=frozenset({"app", "the Owner"}),
        others=frozenset({"reader", 'with "quotes"', "deployer", "analyst", "grantor"}),
        named=frozenset({"authenticated", "an on", "mapped"}),
    )


def test_without_the_sources_roles_a_functions_body_may_imitate_one() -> None:
    assert "nobody_real" in needed_roles(SCRIPT, None).owners


def test_everybody_is_no_role() -> None:
    script = (
        "GRANT USAGE ON SCHEMA public TO PUBLIC;\nALTER SCHEMA public OWNER TO pg_database_owner;\n"
    )
    assert needed_roles(script, None) == NeededRoles(frozenset(), frozenset(), frozenset())


def test_without_owners_and_grants_only_those_are_needed_that_definitions_name() -> None:
    needed = needed_roles(SCRIPT, KNOWN)
    assert needed.of(owners=False) == {"authenticated", "an on", "mapped"}
    assert needed.of(owners=True) == needed.owners | needed.others | needed.named
