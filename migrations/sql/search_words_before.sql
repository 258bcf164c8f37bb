create or replace function learn_words(titles text[]) returns void language sql as $$
  insert into search_words (word, slips)
  select found.word, slips(found.word)
    from (select distinct unnest(tsvector_to_array(to_tsvector('simple', folded(title)))) as word
            from unnest(titles) as given (title)) found
   where length(found.word) between 4 and 40 and found.word !~ '^[0-9]+$'
   order by found.word
  on conflict do nothing
$$;

create or replace function search_query(words text[]) returns tsquery language sql stable as $$
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

alter table movies drop column search;
alter table movies add column search tsvector generated always as (
  setweight(to_tsvector('simple', folded(title)), 'A')
  || setweight(to_tsvector('simple', folded(coalesce(original_title, ''))), 'B')
  || setweight(to_tsvector('simple', folded(coalesce(overview, ''))), 'C')) stored;
create index movies_search_idx on movies using gin (search);
alter table movie_translations drop column search;
alter table movie_translations add column search tsvector generated always as (
  setweight(to_tsvector('simple', folded(coalesce(title, ''))), 'A')
  || setweight(to_tsvector('simple', folded(coalesce(overview, ''))), 'C')) stored;
create index movie_translations_search_idx on movie_translations using gin (search);
drop function word_vector, spread, plain_text;

truncate search_words;
select learn_words(array_agg(title) || array_agg(original_title)) from movies having count(*) > 0;
select learn_words(array_agg(title)) from movie_translations having count(*) > 0;
