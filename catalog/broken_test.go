package catalog_test

import "strings"

// broken is one way to spoil the small catalog: old becomes new, and one
// problem is wanted at the line that holds the mark (the new text when there
// is none).
type broken struct{ name, old, new, mark, want string }

func brokenForm() []broken {
	return []broken{
		{"unknown section", "machines:\n", "machine:\n", "", "machine: is not known here; known are settings, teams, people, machines, audiences, services, routes, heartbeats, schedules, hours, webhooks, escalation_policies, last_resort, severities"},
		{"unknown field", "    name: Ben\n", "    name: Ben\n    phone: x\n", "phone: x", "people[ben].phone: is not known here; known are id, name, zone, admin, jira, contacts, rules"},
		{"field twice", "    name: Ben\n", "    name: Ben\n    name: Benn\n", "name: Benn", "people[ben].name: is set twice"},
		{"merge key", "    name: Ben\n", "    name: Ben\n    <<: {zone: UTC}\n", "<<", "people[ben].<<: is not known here; known are id, name, zone, admin, jira, contacts, rules"},
		{"number for text", "name: Ann\n", "name: 7\n", "", "people[ann].name: must be text: write it in quotes"},
		{"number for a parameter", `"0.05"`, `0.05`, "below: 0.05", "services[payments].runbooks[rollback].params.below: must be text: write it in quotes"},
		{"text for truth", "admin: true", "admin: yes", "", "people[ann].admin: must be true or false"},
		{"text for a number", "minute: 5", "minute: many", "", "settings.storm.new_keys_per_minute: must be a whole number"},
		{"fraction for a number", "minute: 5", "minute: 5.5", "", "settings.storm.new_keys_per_minute: must be a whole number"},
		{"negative number", "minute: 5", "minute: -5", "", "settings.storm.new_keys_per_minute: must not be negative"},
		{"number for a duration", "hold: 30s", "hold: 30", "", "services[payments].hold: must be a duration such as 30s, 5m, 24h or 7d"},
		{"negative duration", "hold: 30s", "hold: -30s", "", "services[payments].hold: must not be negative"},
		{"half a day", "high: 7d", "high: 7.5d", "", "severities[SEV1].response.closing.follow_up_due.high: must be a duration such as 30s, 5m, 24h or 7d"},
		{"text for a list", "members: [ann, ben]", "members: ann", "", "teams[payments].members: must be a list"},
		{"list for text", "name: Ann\n", "name: [Ann]\n", "", "people[ann].name: must be text"},
		{"list for a mapping", "storm: {new_keys_per_minute: 5}", "storm: [5]", "", "settings.storm: must be a mapping of names to values"},
		{"text for a member", "machines:\n  - id: alertmanager", "machines:\n  - alertmanager", "- alertmanager", "machines[0]: must be a mapping of names to values"},
	}
}

func brokenIDs() []broken {
	return []broken{
		{"no id", "  - id: alertmanager\n", "  - name: Alertmanager\n", "", "machines[Alertmanager].id: must be 1 to 63 letters, digits, dots, dashes and underscores"},
		{"bad id", "- id: alertmanager", `- id: "alert/manager"`, "", "machines[alert/manager].id: must be 1 to 63 letters, digits, dots, dashes and underscores"},
		{"id twice", "  - id: alertmanager\n", "  - id: alertmanager\n  - id: alertmanager # 2\n", "# 2", `machines[alertmanager].id: there is another machine "alertmanager" at c.yaml:29`},
	}
}

func brokenSettings() []broken {
	return []broken{
		{"no catch-all", "  catch_all: other\n", "", "settings:", "settings.catch_all: must name a service"},
		{"unknown catch-all", "catch_all: other", "catch_all: othr", "", `settings.catch_all: there is no service "othr"`},
		{"alert urgency", "critical: {urgency: urgent", "critical: {urgency: loud", "", "settings.alert_severities.critical.urgency: must be one of urgent, ordinary, none"},
		{"alert severity", "severity: SEV1}", "severity: SEV9}", "", "settings.alert_severities.critical.severity: must be one of SEV1, SEV2, SEV3, SEV4, SEV5"},
		{"flapping changes", "  storm: {new", "  flapping: {changes: -2}\n  storm: {new", "-2", "settings.flapping.changes: must be from 1 to 20, or -1 to switch it off"},
		{"too many changes", "  storm: {new", "  flapping: {changes: 21}\n  storm: {new", "21", "settings.flapping.changes: must be from 1 to 20, or -1 to switch it off"},
		{"flapping within", "  storm: {new", "  flapping: {within: 25h}\n  storm: {new", "25h", "settings.flapping.within: must not be longer than 24 h"},
		{"flapping hold", "  storm: {new", "  flapping: {hold: 61m}\n  storm: {new", "61m", "settings.flapping.hold: must not be longer than 1 h"},
		{"report's audience", "  storm: {new", "  noise_report: {audience: lists}\n  storm: {new", "lists", `settings.noise_report.audience: there is no audience "lists"`},
		{"blank resolution", "[Done]", `[""]`, "", "settings.done_resolutions[0]: must be set"},
	}
}

func brokenPeople() []broken {
	return []broken{
		{"team without name", "  - id: payments\n    name: Payments\n    members", "  - id: payments\n    members", "- id: payments", "teams[payments].name: must be set"},
		{"team without members", "members: [ann, ben]", "members: []", "", "teams[payments].members: must name at least one person"},
		{"unknown member", "members: [ann, ben]", "members: [ann, bob]", "", `teams[payments].members[1]: there is no person "bob"`},
		{"unknown lead", "leads: [ann]", "leads: [zoe]", "", `teams[payments].leads[0]: there is no person "zoe"`},
		{"person without name", "    name: Ben\n", "", "- id: ben", "people[ben].name: must be set"},
		{"person's zone", "    zone: Europe/Berlin\n    admin", "    zone: Berlin\n    admin", "zone: Berlin", `people[ann].zone: there is no zone "Berlin": use an IANA zone such as "Europe/Berlin"`},
		{"contact kind", "kind: console", "kind: pigeon", "", "people[ben].contacts[console].kind: must be one of email, push, pushover, sms, webhook, console"},
		{"contact twice", "{id: hook, kind", "{id: mail, kind", "{id: mail, kind: webhook", `people[ann].contacts[mail].id: this person has another contact method "mail"`},
		{"mail address", "address: ann@example.org", "address: Ann <ann@example.org>", "", "people[ann].contacts[mail].address: must be an e-mail address such as name@example.org"},
		{"topic", "address: ann}", `address: "ann smith"}`, "", "people[ann].contacts[phone].address: must be a topic: up to 64 letters, digits, - and _"},
		{"number", "kind: push, address: ann}", `kind: sms, address: "+44 20 7946 0000"}`, "", `people[ann].contacts[phone].address: must be a number with its country, in quotes and without spaces: "+442079460000"`},
		{"user key", "kind: push, address: ann}", "kind: pushover, address: ann}", "", "people[ann].contacts[phone].address: must be a Pushover user key: 30 letters and digits"},
		{"hook address", `"http://127.0.0.1:1/hook"`, `"file:///etc/passwd"`, "", "people[ann].contacts[hook].address: must be an http or https address"},
		{"rule's contact", "ordinary: [{contact: mail}]", "ordinary: [{contact: fax}]", "", `people[ann].rules.ordinary[0].contact: this person has no contact method "fax"`},
		{"audience's address", "list@example.org", "list", "id: list", "audiences[list].address: must be an e-mail address such as name@example.org"},
	}
}

func brokenServices() []broken {
	return []broken{
		{"service without name", "    name: Other\n", "", "- id: other", "services[other].name: must be set"},
		{"service without team", "    name: Other\n    team: payments\n", "    name: Other\n", "- id: other", "services[other].team: must name a team"},
		{"unknown team", "    name: Other\n    team: payments\n", "    name: Other\n    team: paymnts\n", "team: paymnts", `services[other].team: there is no team "paymnts"`},
		{"service without escalation", "    team: payments\n    escalation: payments\nschedules", "    team: payments\nschedules", "- id: other", "services[other].escalation: must name a policy"},
		{"unknown escalation", "escalation: payments\n    hold", "escalation: pay\n    hold", "escalation: pay\n", `services[payments].escalation: there is no escalation policy "pay"`},
		{"matcher", `['service="payments"']`, `['service']`, "", `services[payments].match[0]: matcher "service" must look like label="value", with =, !=, =~ or !~`},
		{"group by nothing", "group_by: [alertname]", `group_by: [" "]`, "", "services[payments].group_by[0]: must be set"},
		{"dashboard's title", "{title: Graphs, ", "{", "dashboards:", "services[payments].dashboards[0].title: must be set"},
		{"dashboard's address", "https://example.org/d", "example.org/d", "", "services[payments].dashboards[0].url: must be an http or https address"},
		{"repository", "    ticket: {project: PAY}\n", "    ticket: {project: PAY}\n    changes: {repositories: [payments]}\n", "changes:", `services[payments].changes.repositories[0]: must be an owner and a name, as in "acme/payments"`},
		{"environment", "    ticket: {project: PAY}\n", "    ticket: {project: PAY}\n    changes: {repositories: [acme/payments], environments: [' ']}\n", "changes:", "services[payments].changes.environments[0]: must be the name of an environment on GitHub"},
		{
			"a long undo", "    ticket: {project: PAY}\n",
			"    ticket: {project: PAY}\n    changes: {undo: {runbook: rollback, params: {service: " + strings.Repeat("x", 1000) + "}}}\n",
			"changes:", "services[payments].changes.undo.params: 1007 characters are more than 1000",
		},
		{"environments of nothing", "    ticket: {project: PAY}\n", "    ticket: {project: PAY}\n    changes: {environments: [eu]}\n", "changes:", "services[payments].changes.environments: name the repositories that are deployed there"},
		{"deployment", "    ticket: {project: PAY}\n", "    ticket: {project: PAY}\n    changes: {deployments: [shop/payments]}\n", "changes:", `services[payments].changes.deployments[0]: must be a cluster, a namespace and a name, as in "main/shop/payments"`},
		{"runbook's name", "{name: rollback, ", "{", "runbooks:", "services[payments].runbooks[0].name: must be set"},
		{"runbook's matcher", `['a="b"']`, `['a=~"("']`, "", "services[payments].runbooks[rollback].match[0]: matcher \"a=~\\\"(\\\"\": pattern: error parsing regexp: missing closing ): `(`"},
	}
}

func brokenSchedules() []broken {
	return []broken{
		{"schedule's zone", "  - id: payments\n    zone: Europe/Berlin", "  - id: payments\n    zone: Local", "zone: Local", `schedules[payments].zone: must be an IANA zone such as "Europe/Berlin"`},
		{"hand-off", "hand_off: 09:00", "hand_off: 9am", "", `schedules[payments].rotations[primary].hand_off: "9am" is not a time of day: write it as "09:00"`},
		{"weekday", "weekday: monday", "weekday: someday", "", `schedules[payments].rotations[primary].weekday: "someday" is not a weekday: write it as "monday"`},
		{"weekday missing", "        weekday: monday\n", "", "- name: primary", `schedules[payments].rotations[primary].weekday: "" is not a weekday: write it as "monday"`},
		{"start", "start: 2026-01-05", "start: 2026-13-05", "", `schedules[payments].rotations[primary].start: "2026-13-05" is not a date: write it as "2026-01-05"`},
		{"no participants", "participants: [ann, ben]", "participants:", "", "schedules[payments].rotations[primary].participants: must name at least one person"},
		{"unknown participant", "participants: [ann, ben]", "participants: [ann, bob]", "", `schedules[payments].rotations[primary].participants[1]: there is no person "bob"`},
		{"overrides", "        participants: [ann, ben]\n", "        participants: [ann, ben]\n    overrides: []\n", "overrides:", "schedules[payments].overrides: belong to the API, where they survive the next apply: make each with `tocsin override add`"},
		{"no levels", "    levels:\n      - targets: [{schedule: payments/primary}, {team: payments}]\n        timeout: 5m\n      - targets: [{person: ben}]\n        timeout: 1s\n", "    levels: []\n", "levels: []", "escalation_policies[payments].levels: must hold at least one level"},
		{"empty level", "targets: [{person: ben}]", "targets: []", "", "escalation_policies[payments].levels[1].targets: must name somebody to page"},
		{"short timeout", "timeout: 1s", "timeout: 999ms", "", "escalation_policies[payments].levels[1].timeout: must be at least 1s"},
		{"no timeout", "        timeout: 1s\n", "", "- targets: [{person: ben}]", "escalation_policies[payments].levels[1].timeout: must be at least 1s"},
		{"two in one target", "targets: [{person: ben}]", "targets: [{person: ben, team: payments}]", "", "escalation_policies[payments].levels[1].targets[0]: must have exactly one of person, schedule, rotation, team and webhook"},
		{"unknown person", "targets: [{person: ben}]", "targets: [{person: bob}]", "", `escalation_policies[payments].levels[1].targets[0].person: there is no person "bob"`},
		{"unknown target team", "{team: payments}]", "{team: pay}]", "", `escalation_policies[payments].levels[0].targets[1].team: there is no team "pay"`},
		{"unknown schedule", "{schedule: payments/primary}", "{schedule: pay/primary}", "", `escalation_policies[payments].levels[0].targets[0].schedule: there is no schedule "pay"`},
		{"unknown rotation", "{schedule: payments/primary}", "{schedule: payments/second}", "", `escalation_policies[payments].levels[0].targets[0].schedule: schedule "payments" has no rotation "second"`},
	}
}

func brokenLayers() []broken {
	const handOff = "        hand_off: 09:00\n"
	const window = "during: [{days: [monday], from: 09:00, until: 17:00}]"
	return []broken{
		{"length of nothing", handOff, handOff + "        length: 0\n", "length: 0", "schedules[payments].rotations[primary].length: must be at least 1"},
		{"negative length", handOff, handOff + "        length: -1\n", "length: -1", "schedules[payments].rotations[primary].length: must be from 1 to 1000"},
		{"layer's zone", handOff, handOff + "        zone: Berlin\n", "zone: Berlin", `schedules[payments].rotations[primary].zone: there is no zone "Berlin": use an IANA zone such as "Europe/Berlin"`},
		{"layers beside a layer", handOff, handOff + "        layers: []\n        follows: primary\n", "follows: primary", "schedules[payments].rotations[primary].follows: a rotation that follows another has no turns of its own: leave out one of the two"},
		{"follows itself", "  - id: payments\n    zone: Europe/Berlin\n    rotations:\n", "  - id: payments\n    zone: Europe/Berlin\n    rotations:\n      - {name: second, follows: second}\n", "{name: second", "schedules[payments].rotations[second].follows: goes round in a circle: second, second"},
		{"unknown layer's person", "        start: 2026-01-05\n        participants: [ann, ben]\n", "        start: 2026-01-05\n        participants: [ann, ben]\n      - name: second\n        layers: [{name: day, every: daily, hand_off: 09:00, start: 2026-01-05, participants: [bob]}]\n", "participants: [bob]", `schedules[payments].rotations[second].layers[day].participants[0]: there is no person "bob"`},
		{"hours' zone", "{id: office, zone: Europe/Berlin", "{id: office, zone: Local", "", `hours[office].zone: must be an IANA zone such as "Europe/Berlin"`},
		{"hours that never hold", window, "during: []", "", "hours[office].during: must hold at least one window: without any, the hours never hold"},
		{"window's day", "days: [monday]", "days: [mondays]", "", `hours[office].during[0].days[0]: "mondays" is not a weekday: write it as "monday"`},
		{"window of no length", "until: 17:00", "until: 09:00", "", "hours[office].during[0].until: must differ from from: this window has no length; leave both out for a whole day"},
		{"excepted day", window, window + ", except: [2026-02-30]", "", `hours[office].except[0]: "2026-02-30" is not a date: write it as "2026-01-05"`},
		{"webhook's address", "http://127.0.0.1:1/chat", "chat", "id: chat", "webhooks[chat].address: must be an http or https address"},
	}
}

func brokenTargets() []broken {
	const second = "  - id: second\n    levels: [{policy: payments}]\n"
	const level = "      - targets: [{person: ben}]\n        timeout: 1s\n"
	return []broken{
		{"unknown whole rotation", "targets: [{person: ben}]", "targets: [{rotation: payments/second}]", "", `escalation_policies[payments].levels[1].targets[0].rotation: schedule "payments" has no rotation "second"`},
		{"unknown webhook", "targets: [{person: ben}]", "targets: [{webhook: pager}]", "", `escalation_policies[payments].levels[1].targets[0].webhook: there is no webhook "pager"`},
		{"unknown hours", "        timeout: 1s\n", "        timeout: 1s\n        during: offce\n", "during: offce", `escalation_policies[payments].levels[1].during: there are no hours "offce"`},
		{"unknown hours outside", "        timeout: 1s\n", "        timeout: 1s\n        outside: offce\n", "outside: offce", `escalation_policies[payments].levels[1].outside: there are no hours "offce"`},
		{"one of everyone", "        timeout: 1s\n", "        timeout: 1s\n        everyone: true\n        round_robin: true\n", "everyone: true", "escalation_policies[payments].levels[1].everyone: round_robin pages one person, so that nobody else can acknowledge: choose one of the two"},
		{"unknown policy", level, "      - {policy: pay}\n", "", `escalation_policies[payments].levels[1].policy: there is no escalation policy "pay"`},
		{"policy that includes itself", level, "      - {policy: payments}\n", "", "escalation_policies[payments].levels[1].policy: goes round in a circle: payments, payments"},
		{"policy beside targets", level, level + second + "      # and\n  - id: third\n    levels: [{policy: payments, timeout: 5m}]\n", "timeout: 5m}", "escalation_policies[third].levels[0].policy: stands for the levels of another policy, with their own targets and timeouts: leave out what stands beside it, but for during and outside"},
		{"branch in a branch", level, level + "        during: office\n  - id: second\n    levels: [{policy: payments, outside: office}]\n", "outside: office", `escalation_policies[second].levels[0].policy: "payments" branches by hours itself: set during and outside there or here, not both`},
		{"too many levels", level, level + "  - id: second\n    levels: [" + strings.Repeat("{policy: payments}, ", 26) + "]\n", "levels: [{policy", "escalation_policies[second].levels: come to more than 50 with the policies that they include"},
	}
}

func brokenLastResort() []broken {
	return []broken{
		{"one person", "last_resort: [ann, ben]", "last_resort: [ann]", "", "last_resort: must name at least 2 different people: they are paged when nobody else answers"},
		{"one person twice", "last_resort: [ann, ben]", "last_resort: [ann, ann]", "", "last_resort: must name at least 2 different people: they are paged when nobody else answers"},
		{"unknown last resort", "last_resort: [ann, ben]", "last_resort: [ann, bob]", "", `last_resort[1]: there is no person "bob"`},
		{"unreachable last resort", "    contacts:\n      - {id: console, kind: console}\n", "", "last_resort", "last_resort[1]: ben has no contact method"},
		{"no last resort", "last_resort: [ann, ben]\n", "", "settings:", "last_resort: must name at least 2 different people: they are paged when nobody else answers"},
	}
}

func brokenSeverities() []broken {
	return []broken{
		{"severity missing", "  - {level: SEV5, urgency: none, criteria: [x], response: {}}\n", "", "\nseverities:", "severities.SEV5: is missing: all of SEV1 to SEV5 must be there"},
		{"severity twice", "- {level: SEV2", "- {level: SEV1, urgency: urgent, criteria: [x], response: {}}\n  - {level: SEV2", "{level: SEV1", "severities[SEV1].level: SEV1 is at c.yaml:70 already"},
		{"severity unknown", "- {level: SEV2", "- {level: SEV0, urgency: urgent, criteria: [x], response: {}}\n  - {level: SEV2", "SEV0", "severities[SEV0].level: must be one of SEV1, SEV2, SEV3, SEV4, SEV5"},
		{"severity's urgency", "SEV5, urgency: none", "SEV5, urgency: never", "", "severities[SEV5].urgency: must be one of urgent, ordinary, none"},
		{"no criteria", "urgency: none, criteria: [x]", "urgency: none", "level: SEV5", "severities[SEV5].criteria: must hold at least one sentence to tell this severity by"},
		{"page target", "page: [{schedule: payments}]", "page: [{schedule: pay}]", "", `severities[SEV1].response.page[0].schedule: there is no schedule "pay"`},
		{"empty page target", "page: [{schedule: payments}]", "page: [{}]", "", "severities[SEV1].response.page[0]: must have exactly one of person, schedule, rotation, team and webhook"},
		{"commander's source", "source: schedule", "source: volunteer", "", "severities[SEV1].response.commander.source: must be one of first_responder, secondary, schedule"},
		{"commander without schedule", "source: schedule, schedule: payments", "source: schedule", "", "severities[SEV1].response.commander.schedule: must name the schedule of commanders"},
		{"commander's schedule", "source: schedule, schedule: payments", "source: schedule, schedule: ic", "", `severities[SEV1].response.commander.schedule: there is no schedule "ic"`},
		{"commander without source", "source: schedule, schedule: payments, ", "", "commander: {required", "severities[SEV1].response.commander.source: must be one of first_responder, secondary, schedule"},
		{"update's audience", "{audiences: [list], every: 15m}", "{audiences: [lists], every: 15m}", "", `severities[SEV1].response_external.updates.audiences[0]: there is no audience "lists"`},
		{"no cadence", "{audiences: [list], every: 15m}", "{audiences: [list]}", "", "severities[SEV1].response_external.updates.every: must be set: audiences hear at a cadence"},
		{"late reminder", "remind: 5m", "remind: 30m", "", "severities[SEV1].response.updates.remind: must be shorter than every"},
		{"blank confirmation", "[Fine.]", `[""]`, "", "severities[SEV1].response.closing.confirmations[0]: must be set"},
		{"priority", "{high: 7d}", "{urgent: 7d}", "", "severities[SEV1].response.closing.follow_up_due.urgent: must be one of high, medium, low"},
		{"authority", "waive: [team-lead]", "waive: [boss]", "", "severities[SEV1].response.authority.waive[0]: must be one of anyone, holder, commander, team-lead, admin, team-member"},
	}
}
