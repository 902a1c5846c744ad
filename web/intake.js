// The API's answers as the page uses them. Every key of theirs is always there.

export const groupOf = (given) => ({
	...given,
	media: given.media.map((item, index) => ({ ...item, index })),
	problems: placed(given.problems, given.media.length),
	warnings: placed(given.warnings, given.media.length),
});

// A run of which no more is known than that it has begun.
export const begun = (jobId) => ({
	jobId,
	status: "publishing",
	phase: "creating_containers",
	progress: { completed: 0, total: 0 },
	items: [],
	permalink: null,
});

// Which item a problem is about: its name begins with the item's place, counted from 1.
function placed(problems, count) {
	return problems.map((problem) => {
		const place = Number(/^(\d+): /.exec(problem.item)?.[1]);
		const fix = problem.fix.replace(/[^.]$/, "$&.");
		const told = `Found ${problem.found}; allowed ${problem.allowed}.`;
		return { ...problem, told, fix, index: place <= count ? place - 1 : null };
	});
}
