-- What movies are found by: texts without case and accents, and a dictionary of title words that forgives one slip.

create function folded(words text) returns text language sql immutable strict parallel safe as $$
  select lower(normalize(regexp_replace(normalize(words, nfkd), '[\u0300-\u036f]', '', 'g'), nfc))
$$;
comment on function folded is 'Without case and accents: what texts are compared by.';

create function slips(word text) returns text[] language sql immutable strict parallel safe as $$
  select array_agg(distinct overlay(word placing '' from n for 1)) || word from generate_series(1, length(word)) n
$$;
comment on function slips is
  'The word, and what is left of it without one of its letters: two words that share one differ by a slip or two.';

create table search_words (
  word text collate "C" primary key,
  slips text[] not null
);
comment on table search_words is 'Words of titles, four letters or more.';
create index search_words_slips_idx on search_words using gin (slips);

create function learn_words(titles text[]) returns void language sql as $$
  insert into search_words (word, slips)
  select found.word, slips(found.word)
    from (select distinct unnest(tsvector_to_array(to_tsvector('simple', folded(title)))) as word
            from unnest(titles) as given (title)) found
   where length(found.word) between 4 and 40 and found.word !~ '^[0-9]+$'
   order by found.word
  on conflict do nothing
$$;

create function search_query(words text[]) returns tsquery language sql stable as $$
  select to_tsquery('simple', coalesce(string_agg(alternatives, ' & '), ''))
    from (
      select '(' || quote_literal(given.word) || ':*' || coalesce((
               select string_agg(' | ' || quote_literal(near.word), '')
                 from (select s.word from search_words s
                        where s.slips && slips(given.word)
                        order by abs(length(s.word) - length(given.word)), s.word limit 10) near
                where length(given.word) >= 4
                  and not exists (
                    select from search_words s
                     where s.word >= given.word collate "C" and s.word < given.word || U&'\+10FFFF' collate "C")
             ), '') || ')' as alternatives
        from (select folded(word) as word from unnest(words) as asked (word)) given
    ) one
$$;
comment on function search_query is
  'Each of the words begins a word of the movie; one that begins no title may be a slip of a title''s word.';
