import { SegmentSet } from './src/store/segment-set.ts';
import { RowGroupEncoder } from './src/store/parquet/row-group.ts';
import { openStoreWriter } from './src/store/writer.ts';
import fs from 'node:fs';
import { makeBatch } from './test/store/batch-kit.ts';
const N=1_100_000, B=8192;
let seed=1; const rnd=()=>{seed=(Math.imul(seed,1664525)+1013904223)>>>0;return seed/4294967296};
const skew=(n:number)=>Math.floor(n*Math.pow(rnd(),3));
function batch(first:number,rows:number){
 const f=(g:(i:number)=>number)=>{const a=new Float64Array(rows);for(let i=0;i<rows;i++)a[i]=g(i);return a};
 const u=(g:(i:number)=>number)=>{const a=new Uint32Array(rows);for(let i=0;i<rows;i++)a[i]=g(i);return a};
 const ip=(n:number)=>{const w=new Uint32Array(rows*4);for(let i=0;i<rows;i++){w[i*4+2]=0xffff;w[i*4+3]=0x0a000000+Math.imul(skew(n),2654435761)%0xffffff}return w};
 const P=undefined;
 const kw=(name:string,list:string[],g:()=>number)=>{const offs=new Uint32Array(list.length+1);list.forEach((x,i)=>offs[i+1]=offs[i]+x.length);return {name,kind:'keyword',codes:u(g),dictionaryBytes:Buffer.from(list.join('')),dictionaryOffsets:offs,present:P}};
 const t=(i:number)=>1700000000+Math.floor((first+i)/1000);
 return {type:'flow',rows,columns:[
  {name:'timestamp',kind:'time',seconds:u(t),nanos:u(()=>Math.floor(rnd()*1000)*1000),present:P},
  {name:'duration',kind:'int',values:f(()=>Math.floor(rnd()*rnd()*3e5)*1000),present:P},
  {name:'source_ip',kind:'ip',words:ip(50000),present:P},
  {name:'destination_ip',kind:'ip',words:ip(20000),present:P},
  {name:'source_port',kind:'int',values:f(()=>32768+Math.floor(rnd()*28000)),present:P},
  {name:'destination_port',kind:'int',values:f(()=>[53,80,443,22,8080,5432][skew(6)]),present:P},
  kw('network_transport',['tcp','udp','icmp'],()=>skew(3)),
  kw('network_type',['ipv4','ipv6'],()=>0),
  kw('network_direction',['unknown','ingress'],()=>0),
  kw('flow_reason',['fin','timeout','evict'],()=>skew(3)),
  {name:'flow_final',kind:'bool',values:new Uint8Array(rows).fill(1),present:P},
  {name:'tcp_flags',kind:'int',values:f(()=>[27,31,26,2,18][skew(5)]),present:P},
  {name:'source_packets',kind:'int',values:f(()=>1+skew(40)),present:P},
  {name:'source_bytes',kind:'int',values:f(()=>60+skew(4000)),present:P},
  {name:'destination_packets',kind:'int',values:f(()=>1+skew(40)),present:P},
  {name:'destination_bytes',kind:'int',values:f(()=>60+skew(40000)),present:P},
  {name:'tos',kind:'int',values:f(()=>0),present:P},
  {name:'as_src',kind:'int',values:f(()=>skew(500)),present:P},
  {name:'as_dst',kind:'int',values:f(()=>skew(500)),present:P},
  {name:'icmp',kind:'int',values:f(()=>0),present:new Uint8Array(rows)},
 ]} as any;
}
const batches=[];for(let i=0;i<N;i+=B)batches.push(batch(i,Math.min(B,N-i)));
for(let round=0;round<+(process.argv[3]??3);round++){
fs.rmSync('/tmp/bench/s',{recursive:true,force:true});fs.mkdirSync('/tmp/bench/s',{recursive:true});
const c0=process.cpuUsage(),w0=performance.now();
const set=new SegmentSet('/tmp/bench/s',new RowGroupEncoder());
for(const b of batches)set.write(b);
const {segments}=set.finish(true);
const c=process.cpuUsage(c0);
console.log('cpu s',(c.user+c.system)/1e6,'wall',(performance.now()-w0)/1e3,'segments',segments.length,'B/row',segments.reduce((a,s)=>a+s.bytes,0)/N,'rss',process.memoryUsage.rss()/1e6);
}
if(process.argv[2]==='cols'){
 const e=new RowGroupEncoder();const some=batches.slice(0,15);
 for(let k=0;k<3;k++)for(const col of some[0].columns){const t=performance.now();const {chunks,rows}=e.encode([{name:col.name,kind:col.kind}],some);if(k==2)console.log(col.name.padEnd(22),((performance.now()-t)*1e6/rows).toFixed(1),'ns/row',(chunks.reduce((a:number,c:any)=>a+c.length,0)/rows).toFixed(2),'B/row',chunks.map((c:any)=>c.encoding).join());}
}
const w=await openStoreWriter('/tmp/bench/w');
const c1=process.cpuUsage(),w1=performance.now();
for(const b of batches)await w.write(b);
console.log(await w.commit('a'));
const c2=process.cpuUsage(c1);console.log('thread: cpu',(c2.user+c2.system)/1e6,'wall',(performance.now()-w1)/1e3);
fs.rmSync('/tmp/bench',{recursive:true,force:true});
