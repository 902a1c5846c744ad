// When to ask again: every two seconds while something runs, not at all otherwise, not in a hidden
// tab, and ever more seldom while there is no answer.

const QUICK_MS = 2_000;
const LONGEST_MS = 60_000;

export class Polling {
	constructor({ ask, wanted, failed, answered }) {
		this.ask = ask;
		this.wanted = wanted;
		this.failed = failed;
		this.answered = answered;
		this.failures = 0;
		this.asking = false;
		this.again = false;
		this.stopped = false;
		this.timer = undefined;
	}

	// Ask when the pause is over, if that is wanted; a repeat changes nothing.
	goOn() {
		if (this.timer !== undefined || this.asking || this.stopped || document.hidden) return;
		if (this.failures === 0 && !this.wanted()) return;
		this.timer = setTimeout(() => this.now(), this.pause());
	}

	// Ask at once, whatever the pause; while an answer is awaited, right after it.
	async now() {
		this.rest();
		this.again = this.asking;
		if (this.asking || this.stopped) return;
		this.asking = true;
		try {
			await this.ask();
			this.failures = 0;
			this.answered();
		} catch (error) {
			this.failures += 1;
			this.failed(error, this.pause());
		} finally {
			this.asking = false;
		}
		if (this.again) await this.now();
		else this.goOn();
	}

	stop() {
		this.stopped = true;
		this.rest();
	}

	// Stop until `goOn`.
	rest() {
		clearTimeout(this.timer);
		this.timer = undefined;
	}

	pause() {
		return Math.min(LONGEST_MS, QUICK_MS * 2 ** this.failures);
	}
}
