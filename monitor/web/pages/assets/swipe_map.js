// Two pictures of one place on one map, one clipped at a line that moves; layers and outlines above them.
// Coordinates are metres from the lower left corner of the pictures.
import { leaflet as L } from "nicegui-leaflet";
import { loadResource } from "../../static/utils/resources.js";

export default {
  template: `
    <div class="swipe-frame">
      <div class="swipe">
        <div ref="map" class="swipe-map" :style="{ '--aspect': width + ' / ' + height }" role="application" :aria-label="label"></div>
        <template v-if="before && after">
          <div class="swipe-side before">{{ beforeLabel }}</div>
          <div class="swipe-side after">{{ afterLabel }}</div>
          <div class="swipe-line" :style="{ left: share + '%' }">
            <div class="swipe-grip" aria-hidden="true" @pointerdown="grip" @pointermove="drag" @pointerup="held = false"
                 @pointercancel="held = false">⇔</div>
          </div>
        </template>
      </div>
      <input v-if="before && after" class="swipe-range" type="range" min="0" max="100" step="1" v-model.number="share"
             :aria-label="rangeLabel">
    </div>`,
  props: {
    before: String, after: String, beforeLabel: String, afterLabel: String, label: String, rangeLabel: String,
    width: Number, height: Number, layers: Array, outlines: Array, resourcePath: String,
  },
  data: () => ({ share: 50, held: false }),
  async mounted() {
    await this.$nextTick();
    await loadResource(window.path_prefix + `${this.resourcePath}/leaflet/leaflet.css`);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.$refs.map, {
      crs: L.CRS.Simple, minZoom: -14, maxZoom: 2, zoomSnap: 0, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, attributionControl: false,
      zoomAnimation: false, fadeAnimation: !calm, inertia: !calm, keyboard: true,
    });
    this.bounds = [[0, 0], [this.height, this.width]];
    ["before", "before-layers", "after", "after-layers", "outline"].forEach((name, number) => {
      this.map.createPane(name).style.zIndex = 210 + number;
    });
    this.map.getPane("outline").style.zIndex = 420;
    this.map.fitBounds(this.bounds);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(this.map);
    this.map.on("move zoom resize viewreset", () => this.clip());
    this.drawn = {};
    this.draw();
    this.outline();
    this.observer = new ResizeObserver(() => this.map.invalidateSize());
    this.observer.observe(this.$refs.map);
  },
  unmounted() { this.observer?.disconnect(); this.map?.remove(); },
  watch: {
    share() { this.clip(); },
    before() { this.draw(); }, after() { this.draw(); }, layers() { this.draw(); }, outlines() { this.outline(); },
  },
  methods: {
    wanted() {
      const pictures = [
        { name: "before", url: this.before, pane: "before", text: this.beforeLabel },
        { name: "after", url: this.after, pane: "after", text: this.afterLabel },
      ];
      return [...pictures, ...(this.layers || [])].filter((layer) => layer.url);
    },
    draw() {
      if (!this.map) return;
      const wanted = Object.fromEntries(this.wanted().map((layer) => [layer.name, layer]));
      for (const name of Object.keys(this.drawn)) {
        if (!wanted[name] || wanted[name].url !== this.drawn[name].url) { this.drawn[name].overlay.remove(); delete this.drawn[name]; }
      }
      for (const [name, layer] of Object.entries(wanted)) {
        if (this.drawn[name]) continue;
        const options = { pane: layer.pane, opacity: layer.opacity ?? 1, alt: layer.text || "" };
        this.drawn[name] = { url: layer.url, overlay: L.imageOverlay(window.path_prefix + layer.url, this.bounds, options).addTo(this.map) };
      }
      this.clip();
    },
    outline() {
      if (!this.map) return;
      this.shapes?.remove();
      this.shapes = L.layerGroup().addTo(this.map);
      for (const line of this.outlines || []) {
        const style = { pane: "outline", fill: false, interactive: false };
        L.polygon(line.rings, { ...style, color: "#fff", weight: 4, opacity: 0.85 }).addTo(this.shapes);
        L.polygon(line.rings, { ...style, color: line.colour, weight: 2 }).addTo(this.shapes);
      }
    },
    clip() {
      if (!this.map) return;
      const size = this.map.getSize();
      const corner = this.map.containerPointToLayerPoint([0, 0]);
      const x = corner.x + (size.x * this.share) / 100;
      const [left, top, right, bottom] = [corner.x, corner.y, corner.x + size.x, corner.y + size.y];
      const box = (from, to) => `polygon(${from}px ${top}px, ${to}px ${top}px, ${to}px ${bottom}px, ${from}px ${bottom}px)`;
      const both = this.before && this.after;
      for (const pane of ["before", "before-layers"]) this.map.getPane(pane).style.clipPath = both ? box(left, x) : "";
      for (const pane of ["after", "after-layers"]) this.map.getPane(pane).style.clipPath = both ? box(x, right) : "";
    },
    grip(event) { this.held = true; event.target.setPointerCapture(event.pointerId); event.preventDefault(); },
    drag(event) {
      if (!this.held) return;
      const box = this.$refs.map.getBoundingClientRect();
      this.share = Math.min(Math.max(Math.round((100 * (event.clientX - box.left)) / box.width), 0), 100);
    },
  },
};
