/** What `spanledger budgets init` writes: it only tells, and it is valid as it stands. */
export const starterFile = `# Budgets of Spanledger. Check this file with: spanledger budgets check budgets.yaml
# A budget tells when money was spent; it stops nothing.

groups:
  - name: customers
    labels: { owner: platform }          # added to every alert
    rules:
      # One rule for all customers: each value of customer_id has an amount of its own, from its first call on.
      - budget: customer-monthly
        match: ['customer_id!=""']       # calls without a customer are left to the budget of the organisation
        by: [customer_id]
        amount: 5 USD
        period: month                    # hour, day, week, month, quarter or year; or rolling 30d: the time right before now
        timezone: UTC                    # where the month begins, as in Europe/Berlin
        overrides:                       # the first that matches sets another amount
          - { match: ['plan="enterprise"'], amount: 400 USD }
          - { match: ['plan="pro"'], amount: 40 USD }
        thresholds:                      # each is told once per customer and month
          - { at: 70%, severity: warning }
          - { at: 90%, severity: critical }
          - { at: 110%, severity: critical }
          - { forecast: 100%, for: 6h, severity: warning }   # by the end of the month, at this pace
        annotations:
          summary: '{{ $labels.customer_id }} is at {{ $value }} of its {{ $labels.period }} budget'

  - name: organisation
    rules:
      - budget: everything-monthly
        amount: 1000 USD
        period: month
        preset: 70-90-110                # the three thresholds above, or 80-120

      # What development may cost in a day.
      - budget: development-daily
        match: ['environment=~"dev|development|test|staging"']
        by: [service]
        amount: 5 USD
        period: day
        thresholds:
          - { at: 100%, severity: warning }

      # A runaway loop shows within minutes, long before the month's budget would.
      - budget: feature-hourly
        by: [feature]
        amount: 10 USD
        period: rolling 1h
        thresholds:
          - { at: 100%, severity: critical }

      # A feature that grows is told of, however small it is: four times what it was in the week before.
      - budget: feature-growth
        match: ['feature!=""']
        by: [feature]
        growth: { over: 7d, compare: 7d, above: 300%, floor: 20 USD }
        thresholds:
          - { severity: warning }

      # Ten times what was usual in the hours before, or a key that was not there: a prompt that grew, an oversized batch.
      - budget: customer-spike
        match: ['customer_id!=""']
        by: [customer_id]
        spike: { over: 15m, compare: 6h, above: 900%, floor: 5 USD }
        thresholds:
          - { severity: critical }

      # Five code reviews a day for customers who pay nothing. Amounts can be tokens too, as in 2e6 tokens.
      - budget: free-code-reviews
        match: ['feature="code-review"', 'plan="free"']
        by: [customer_id]
        amount: 5 requests
        period: day
        thresholds:
          - { at: 100%, severity: info }

      # What a customer may cost of what it pays, once revenue is known: spanledger revenue import FILE.csv
      # - budget: customer-margin
      #   by: [customer_id]
      #   amount: { revenue_percent: 30 }
      #   period: month
      #   preset: margin-50-80

      # For applications with a guard: a cheaper model at 90 %, no call from 110 % on. Without a guard nothing is held back.
      # - budget: customer-acting
      #   by: [customer_id]
      #   amount: 5 USD
      #   period: month
      #   unpriced: alert                # calls without a price are told of; default: ignore
      #   thresholds:
      #     - { at: 90%, severity: warning, action: { throttle: { to: gpt-4.1-nano } } }
      #     - { at: 110%, severity: critical, action: { cap: { message: 'Monthly AI budget is used up' } } }
      #   action_windows:                # never refuse a paying customer in office hours
      #     - { match: ['plan=~"pro|enterprise"'], time_interval: office-hours, max_action: throttle }

# time_intervals:
#   - name: office-hours
#     time_intervals:
#       - { weekdays: ['monday:friday'], times: [{ start_time: '08:00', end_time: '19:00' }], location: Europe/Berlin }

# Where crossings are told. Without it they are in the log and on the page. Try it: spanledger budgets test --notify budgets.yaml
# notify:
#   alertmanager:
#     url: http://localhost:9093
#   # or one of these; several receivers are written as in Alertmanager, with "receivers" and "route":
#   # slack: { api_url_env: SLACK_WEBHOOK }
#   # email: { to: ops@example.com, from: budgets@example.com, smarthost: 'smtp.example.com:587' }
#   # webhook: { url: http://localhost:9000/hook }
`;
