case event
when 'oncrmdealadd', 'onTaskAdd' then a
end
EVENTS = %w[OnUserAdd]
