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
        period: month                    # hour, day, week, month, quarter or year
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
        period: hour
        thresholds:
          - { at: 100%, severity: critical }

      # Five code reviews a day for customers who pay nothing. Amounts can be tokens too, as in 2e6 tokens.
      - budget: free-code-reviews
        match: ['feature="code-review"', 'plan="free"']
        by: [customer_id]
        amount: 5 requests
        period: day
        thresholds:
          - { at: 100%, severity: info }

# Where crossings are told. Without it they are in the log and on the page. Try it: spanledger budgets test --notify budgets.yaml
# notify:
#   alertmanager:
#     url: http://localhost:9093
#   # or one of these; several receivers are written as in Alertmanager, with "receivers" and "route":
#   # slack: { api_url_env: SLACK_WEBHOOK }
#   # email: { to: ops@example.com, from: budgets@example.com, smarthost: 'smtp.example.com:587' }
#   # webhook: { url: http://localhost:9000/hook }
`;
