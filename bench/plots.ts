import * as echarts from 'echarts';

/** The measured values of a plot. results.json contains them. */
export type Plot = ResourcesPlot | CallsPlot | PollingPlot | SynthPlot;

interface Described { readonly alt: string }
export interface ResourcesPlot extends Described {
  readonly name: 'resources';
  readonly ways: ReadonlyArray<{ readonly name: string; readonly first: number; readonly further: number; readonly path: number }>;
}
/** Median delay in seconds, and calls of all APIs, of runs of several lengths. */
export interface CallsPlot extends Described {
  readonly name: 'delay-and-calls';
  readonly ways: ReadonlyArray<{ readonly name: string; readonly runs: readonly RunsOfALength[] }>;
}
interface RunsOfALength { readonly length: string; readonly delay: number; readonly calls: number }
export interface PollingPlot extends Described {
  readonly name: 'polling';
  readonly plans: ReadonlyArray<{ readonly name: string; readonly p95: number; readonly polls: number }>;
}
export interface SynthPlot extends Described {
  readonly name: 'synth-time';
  readonly ways: ReadonlyArray<{ readonly name: string; readonly added: ReadonlyArray<{ readonly tasks: number; readonly milliseconds: number }> }>;
}

export const THEMES = {
  light: { text: '#1f2328', muted: '#59636e', grid: '#d1d9e0' },
  dark: { text: '#f0f6fc', muted: '#9198a1', grid: '#3d444d' },
};
export type Theme = keyof typeof THEMES;

const SIZE = { width: 860, height: 420 };
const FONT = 'sans-serif';

/** The library has the brightest color. Both themes share the colors. */
const OURS = '#1f83f0';
const OTHERS = ['#d1722b', '#9a6cd9', '#2f9e6e', '#c2408b', '#8c8c8c'];
const colorOf = (name: string, index: number): string => name.startsWith('ours') ? OURS : OTHERS[(index - 1) % OTHERS.length];

/** Draws one theme of a plot as SVG. */
export function draw(plot: Plot, theme: Theme): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE, height: plot.name === 'resources' ? 500 : SIZE.height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT, color: THEMES[theme].text }, ...optionOf(plot, theme) });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose(); // otherwise its timer keeps the process alive
  }
}

function optionOf(plot: Plot, theme: Theme): echarts.EChartsOption {
  switch (plot.name) {
    case 'resources': return resources(plot, theme);
    case 'delay-and-calls': return delayAndCalls(plot, theme);
    case 'polling': return polling(plot, theme);
    case 'synth-time': return synthTime(plot, theme);
  }
}

const GRID = { left: 70, right: 150, top: 30, bottom: 60 };

function axis(theme: Theme, name: string, direction: 'x' | 'y'): any {
  const { muted, grid } = THEMES[theme];
  return {
    name,
    nameLocation: 'middle',
    nameGap: direction === 'x' ? 35 : 45,
    nameTextStyle: { color: muted, fontSize: 14 },
    axisLabel: { color: muted, fontSize: 13 },
    axisLine: { show: true, lineStyle: { color: grid } },
    splitLine: { lineStyle: { color: grid, opacity: 0.6 } },
  };
}

/** Wide gaps, because the width of text is only estimated. */
const legend = (theme: Theme) => ({ top: 0, itemGap: 45, textStyle: { color: THEMES[theme].text, fontSize: 14 } });

/** Draws a line with its name next to its last point. */
function named(name: string, color: string, theme: Theme, data: ReadonlyArray<readonly [number, number]>): any {
  return {
    type: 'line',
    name,
    data,
    symbol: 'circle',
    symbolSize: 8,
    color,
    lineStyle: { color, width: 2 },
    endLabel: { show: true, formatter: name, color: THEMES[theme].text, fontSize: 14, distance: 10 },
  };
}

function resources({ ways }: ResourcesPlot, theme: Theme): echarts.EChartsOption {
  const { text, grid } = THEMES[theme];
  const bar = (name: string, key: 'first' | 'further' | 'path', color: string): any => ({
    type: 'bar', name, color, barGap: '15%', data: ways.map((way) => way[key]), label: { show: true, position: 'right', color: text, fontSize: 13 },
  });
  return {
    legend: legend(theme),
    grid: { left: 300, right: 50, top: 45, bottom: 50 },
    xAxis: { type: 'value', ...axis(theme, 'resources; on the critical path, one after the other', 'x') },
    yAxis: { type: 'category', inverse: true, data: ways.map(({ name }) => name.replace(/`/g, '')), axisTick: { show: false }, axisLabel: { color: text, fontSize: 14 }, axisLine: { lineStyle: { color: grid } } },
    series: [bar('first run', 'first', OURS), bar('each further one', 'further', OTHERS[2]), bar('critical path', 'path', OTHERS[0])],
  };
}

function delayAndCalls({ ways }: CallsPlot, theme: Theme): echarts.EChartsOption {
  return {
    grid: { ...GRID, right: 130 },
    xAxis: { type: 'log', min: 1, max: 10_000, ...axis(theme, 'calls of all AWS APIs in a run', 'x') },
    yAxis: { type: 'log', min: 0.1, max: 100, ...axis(theme, 'delay of the answer, median, seconds', 'y') },
    series: ways.map(({ name, runs }, index) => {
      const series = named(name.replace(/`/g, ''), colorOf(name, index), theme, runs.map(({ calls, delay }) => [calls, delay]));
      const ends = [runs[0], runs[runs.length - 1]];
      return {
        ...series,
        // The shortest and the longest run, unless they are the same point.
        data: runs.map(({ calls, delay, length }, at) => ({
          value: [calls, delay],
          label: {
            show: (at === 0 || at === runs.length - 1) && ends[0].calls !== ends[1].calls,
            position: 'top',
            formatter: `runs of ${length}`,
            color: THEMES[theme].muted,
            fontSize: 13,
          },
        })),
      };
    }),
  };
}

function polling({ plans }: PollingPlot, theme: Theme): echarts.EChartsOption {
  const of = (pattern: RegExp) => plans.filter(({ name }) => pattern.test(name));
  const scatter = (name: string, pattern: RegExp, color: string, label: (name: string) => string): any => ({
    type: 'scatter',
    name,
    color,
    symbolSize: 11,
    itemStyle: { opacity: 1 },
    data: of(pattern).map((plan) => ({
      value: [plan.polls, plan.p95],
      label: { show: label(plan.name) !== '', formatter: label(plan.name), position: 'right', color: THEMES[theme].text, fontSize: 14 },
    })),
  });
  return {
    legend: legend(theme),
    grid: { ...GRID, top: 45, right: 120 },
    xAxis: { type: 'value', min: 0, ...axis(theme, 'polls in a run, on average', 'x') },
    yAxis: { type: 'value', min: 0, ...axis(theme, 'delay, 95th percentile, seconds', 'y') },
    series: [
      scatter('fixed interval', /^every/, OTHERS[0], (name) => name),
      scatter('grows with the square root of the time', /^√/, OTHERS[1], () => ''),
      scatter('grows in steps', /^\d/, OTHERS[2], () => ''),
      scatter('chosen', /chosen/, OURS, () => 'chosen'),
    ],
  };
}

function synthTime({ ways }: SynthPlot, theme: Theme): echarts.EChartsOption {
  return {
    grid: GRID,
    xAxis: { type: 'value', min: 0, max: 100, ...axis(theme, 'tasks in the stack', 'x') },
    yAxis: { type: 'value', min: 0, ...axis(theme, 'added to the synthesis, milliseconds', 'y') },
    series: ways.map(({ name, added }, index) =>
      named(name.replace(/`/g, ''), colorOf(name, index), theme, added.map(({ tasks, milliseconds }) => [tasks, milliseconds]))),
  };
}
