-- What movies are found by, once more: words are told apart here and not by PostgreSQL's parser, which takes any sign
-- outside ASCII for a letter of the word beside it, or tells words apart otherwise than those that are asked for.

create function plain_text(words text) returns text language sql immutable strict parallel safe return
  regexp_replace(
    regexp_replace(
      replace(replace(replace(replace(translate(
        folded(regexp_replace(words, '[\u00bc-\u00be\u2150-\u215e]', ' \&', 'g')),
        'øłđıðħ', 'oldidh'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
      '[\u00ad\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670\u200b-\u200d\u2060\ufeff]+', '', 'g'),
    '[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u02b0-\u02ff\u0589\u058a\u05be\u05c0\u05c3'
    '\u05f3\u05f4\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f'
    '\u3001-\u3004\u3008-\u3020\u3030\u30fb\U0001f000-\U0001faff]+', '-', 'g');
comment on function plain_text is
  'Without case, accents, strokes, vowel points and signs that cannot be seen; a hyphen for any punctuation.';

create function spread(words text) returns text language sql immutable strict parallel safe return
  regexp_replace(translate(words, '-', ' '), '([\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])',
                 ' \1 ', 'g');
comment on function spread is 'Spaces for hyphens, and around each sign of scripts that are written without spaces.';

create function word_vector(words text) returns tsvector language sql immutable strict parallel safe return (
  select to_tsvector('simple', spread(concat_ws(' ', plain, (
           select string_agg(replace(compound[1], '-', ''), ' ')
             from regexp_matches(plain, '[^-\u0001-\u0020\u0085\u2028\u2029]+(?:-[^-\u0001-\u0020\u0085\u2028\u2029]+)+', 'g')
                  as found (compound)))))
    from plain_text(words) as given (plain));
comment on function word_vector is 'The words of a text; compounds, such as spider-man, as one word besides.';

create or replace function learn_words(titles text[]) returns void language sql as $$
  insert into search_words (word, slips)
  select found.word, slips(found.word)
    from (select distinct unnest(tsvector_to_array(word_vector(title))) as word
            from unnest(titles) as given (title)) found
   where length(found.word) between 4 and 40 and found.word !~ '^[0-9]+$'
   order by found.word
  on conflict do nothing
$$;

create or replace function search_query(words text[]) returns tsquery language sql stable as $$
  select to_tsquery('simple', coalesce(string_agg(alternatives, ' & '), ''))
    from (
      select '(' || quote_literal(spread(given.word)) || ':*' || coalesce((
               select string_agg(' | ' || quote_literal(near.word), '')
                 from (select s.word from search_words s
                        where s.slips && slips(given.word)
                        order by abs(length(s.word) - length(given.word)), s.word limit 10) near
                where length(given.word) >= 4
                  and not exists (
                    select from search_words s
                     where s.word >= given.word collate "C" and s.word < given.word || U&'\+10FFFF' collate "C")
             ), '') || ')' as alternatives
        from (select word from unnest(words) with ordinality as asked (phrase, n),
                               string_to_table(translate(plain_text(phrase), '-', ' '), ' ') as told (word)
               where word <> '' order by n limit 10) given
    ) one
$$;

alter table movies drop column search;
alter table movies add column search tsvector generated always as (
  setweight(word_vector(title), 'A')
  || setweight(word_vector(coalesce(original_title, '')), 'B')
  || setweight(word_vector(coalesce(overview, '')), 'C')) stored;
create index movies_search_idx on movies using gin (search);
alter table movie_translations drop column search;
alter table movie_translations add column search tsvector generated always as (
  setweight(word_vector(coalesce(title, '')), 'A')
  || setweight(word_vector(coalesce(overview, '')), 'C')) stored;
create index movie_translations_search_idx on movie_translations using gin (search);

truncate search_words;
select learn_words(array_agg(title) || array_agg(original_title)) from movies having count(*) > 0;
select learn_words(array_agg(title)) from movie_translations having count(*) > 0;
