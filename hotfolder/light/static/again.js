// A picture made again, to be laid over what it is: asked for here, told by the news "again".
import { post } from "./api.js";
import { t } from "./words.js";

const MARK = "again:";

export class Again {
  /** `on` has told(sentence), refused(error), making(id or null), isWaited(id), show(ids, sentence). */
  constructor(on) {
    this.on = on;
  }

  async begin(id) {
    try {
      await post(`/api/again/${id}`);
      this.on.making(id);
      this.on.told(t("again.begun"));
    } catch (error) {
      this.on.refused(error);
    }
  }

  /** What came of it: shown to whoever still looks at the picture, and said to the others. */
  made({ id, verdict, says }) {
    this.on.making(null);
    const words = t(`again.${verdict}`, { says });
    if (verdict === "cannot") return this.on.refused({ says: [words] });
    if (this.on.isWaited(id)) return this.on.show([id, `${MARK}${id}.${Date.now()}`], words);
    this.on.told(words);
  }
}

/** What a viewer shows for the id of a picture that was made again; null for an ordinary id. */
export function itemAgain(id) {
  if (typeof id !== "string") return null;
  const [number] = id.slice(MARK.length).split(".");
  return { id, path: id, digest: "", prompt: t("again.alt"), address: `/again/${number}?${id}` };
}
