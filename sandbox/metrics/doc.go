// Package metrics is where the sandbox's services are measured: an exposition
// that a real Prometheus can scrape, and a little of Prometheus' query API for
// when there is none.
//
//	GET /metrics                          all series in Prometheus' text format
//	GET, POST /prometheus/api/v1/query        an instant query
//	GET, POST /prometheus/api/v1/query_range  a range query; every step has the current value
//	GET    /metrics/api/series            all series as JSON
//	POST   /metrics/api/series            {"name", "labels", "value"} sets a series by hand;
//	                                      {"name", "labels", "absent": true} makes it disappear
//	DELETE /metrics/api/series            {"name", "labels"} gives it back to the services, {} all of them
//	GET, POST, DELETE /metrics/_faults    see fault.Injector.Handler
//
// Each service has shop_http_error_ratio, a share from 0 to 1 that is high
// while a bad deployment is current, shop_http_requests_per_second and
// shop_deployment_info, labelled with the service.
//
// Queries are selectors: a name with matchers by =, !=, =~ or !~. Everything
// else of PromQL is refused as Prometheus refuses bad queries. The operations
// that faults strike are "scrape" and "query".
package metrics
