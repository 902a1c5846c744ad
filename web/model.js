// What a card shows, worked out from the API's plain data. Nothing here touches the document.

export const STATES = {
	ready: "Ready",
	blocked: "Needs a fix",
	scheduled: "Scheduled",
	waiting: "Waiting for quota",
	publishing: "Publishing",
	published: "Published",
	failed: "Failed",
	unconfirmed: "Unconfirmed",
	cancelled: "Cancelled",
	split: "Split",
};

const PHASES = {
	waiting_for_quota: "Waiting until Instagram takes another post",
	creating_containers: "Handing the media to Instagram",
	processing_videos: "Instagram is processing the media",
	creating_carousel: "Putting the carousel together",
	publishing: "Publishing",
};

const KINDS = { image: "Photo", reel: "Reel", carousel: "Carousel" };

export function stateOf(group) {
	const { publishStatus, job } = group;
	if (publishStatus === "publishing") {
		if (job?.phase === "scheduled") return "scheduled";
		return job?.phase === "waiting_for_quota" ? "waiting" : "publishing";
	}
	const cancelled = job?.status === "cancelled";
	if (publishStatus !== "ready" && !(publishStatus === "failed" && cancelled)) return publishStatus;
	if (group.problems.length > 0) return "blocked";
	return cancelled ? "cancelled" : "ready";
}

export const isRunning = (group) => group.publishStatus === "publishing" && group.job !== null;

export const phaseOf = ({ job }) => PHASES[job.phase] ?? job.phase;
export const kindOf = ({ kind }) => KINDS[kind] ?? "Post";
export const nameOf = ({ username, accountId }) => (username ? `@${username}` : accountId);
export const titleOf = ({ name, groupId }) => name || groupId;

// What the state filter offers: a name, and the states that it lets through.
export const FILTERS = {
	all: { name: "All", states: Object.keys(STATES) },
	open: { name: "To publish", states: ["ready", "cancelled", "blocked"] },
	running: { name: "Under way", states: ["publishing", "scheduled", "waiting"] },
	attention: { name: "Needs attention", states: ["failed", "unconfirmed", "blocked", "split"] },
	published: { name: "Published", states: ["published"] },
};

// The group with what an answer says of its job.
export function withJob(group, job) {
	const publishStatus = job.status === "cancelled" ? "ready" : job.status;
	return { ...group, publishStatus, job, permalink: job.permalink ?? group.permalink };
}

export const itemState = ({ job }, index) => job?.items.find((item) => item.index === index);

// Columns and rows of a mosaic that so many items fill without a gap, and how many of the first
// tiles are larger: the first one fourfold, or the first ones twice as wide.
export function mosaic(count) {
	const [columns, rows] =
		[[1, 1], [1, 1], [2, 1], [3, 2], [2, 2]][count] ??
		(count <= 8 ? [4, 2] : count <= 12 ? [4, 3] : count <= 16 ? [4, 4] : [5, Math.ceil(count / 5)]);
	const extra = columns * rows - count;
	return { columns, rows, lead: extra === 3, wide: extra < 3 ? extra : 0 };
}
